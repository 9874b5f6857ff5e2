"""Calls of dubbo-py's own client: values of each kind, heartbeats, one-way calls, errors."""
import os

from dubbo.client import DubboClient
from dubbo import long
from dubbo.codec.hessian2 import new_object

client = DubboClient("127.0.0.1", int(os.environ["PORT"]), "2.6.5")


def ask(method, *args, **attachment):
    named = {"path": "com.example.Shop", "interface": "com.example.Shop", "version": "1.0.0", "group": "blue",
             "remote.application": "till", **attachment}
    return client.send_request_and_return_response(
        service_name="com.example.Shop", service_version="1.0.0", method_name=method, args=list(args), attachment=named)


assert ask("add", 20, 22, traceparent="00-17", token="hunter2").data == 42
assert ask("echo", "r\u00f6sti").data == "r\u00f6sti"
assert ask("echo", "tea " * 100).data == "tea " * 100
for value in [0, -16, 47, -2048 + 1, 2047, 262143, long(7), long(2000), long(200000), 0.0, 1.0, 2.0, 300.0,
              2.5, 0.1, True, False, None, [1, 2, 3], {"name": "tea", "api_key": "k-123"}, list(range(9))]:
    ask("echo", value)
assert ask("find", 7).data.email == "ada@example.com"
assert ask("find", 5000).error == "no order 5000"
order = new_object("com.example.Order", number=7, item=new_object("com.example.Item", name="tea", price=2.5),
                   password="hunter2", email="ada@example.com")
assert ask("place", order).data["number"] == 7
assert len(ask("several", 12).data) == 12
assert ask("login", "ada", "hunter2").data == "k-123"
assert ask("broken").error == "it broke"
assert ask("nothing").data is None
client.send_heartbeat_request(1000)
client.send_request_without_response(
    service_name="com.example.Shop", service_version="1.0.0", method_name="echo", args=["nobody answers"], attachment={})
# This provider answers what wants no answer, too.
assert client._msg_queue.get(True, 5).data == "nobody answers"
assert ask("half", 5).data == 2.5
