import os

from proton import Message, symbol
from proton.utils import BlockingConnection

connection = BlockingConnection(f"amqp://ada:tulip-cleartext@127.0.0.1:{os.environ['PORT']}", allowed_mechs="PLAIN")
sender = connection.create_sender("/queue/orders", name="till")
sender.send(Message(
    b'{"order":1,"email":"ada@example.com"}', inferred=True, id="m-1", correlation_id=7, subject="order.new",
    content_type="application/json", reply_to="answers", durable=True, priority=5, creation_time=1700000000,
    properties={"trace": "00-4bf92f", "api_key": "k-123", "tries": 3}))
sender.send(Message({"order": 2, "lines": [1, "two", None, 1.5, True]}, annotations={symbol("x-opt-kind"): "map"}))
sender.send(Message("three"))
receiver = connection.create_receiver("/queue/orders", name="packer", credit=1)
for settle in (receiver.accept, receiver.reject, lambda: receiver.release(delivered=False)):
    receiver.receive(timeout=30)
    settle()
# The server says that a link is detached, and not that it is closed, for which the library would wait.
receiver.link.close()
sender.send(Message("and one more"))
connection.close()
