"""Calls of dubbo-ssl-python's client: objects, lists, and a context beside them."""
import os

from dubbo_ssl.client import DubboClient
from dubbo_ssl.codec.encoder import Object

client = DubboClient(interface="com.example.Shop", group="blue", version="1.0.0", dubbo_version="2.7.23",
                     host=f"127.0.0.1:{os.environ['PORT']}")
assert client.call("add", [20, 22], context={"traceparent": "00-17", "remote.application": "till"}) == 42
order = Object("com.example.Order")
order["number"], order["email"], order["password"] = 7, "ada@example.com", "hunter2"
item = Object("com.example.Item")
item["name"], item["price"] = "tea", 2.5
order["item"] = item
assert client.call("place", [order])["number"] == 7
assert client.call("echo", ["0123456789abcdef" * 2000]) == "0123456789abcdef" * 2000
assert client.call("login", ["ada", "hunter2"]) == "k-123"
assert client.call("several", [3]) == ["customer 0", "customer 1", "customer 2"]
try:
    client.call("find", [5000])
    raise AssertionError
except Exception as failed:
    assert "no order" in str(failed), failed
