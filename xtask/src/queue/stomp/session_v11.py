import os
import queue

import stomp


class Heard(stomp.ConnectionListener):
    def __init__(self):
        self.frames = queue.Queue()

    def on_message(self, frame):
        self.frames.put(frame)

    def on_receipt(self, frame):
        self.frames.put(frame)


heard = Heard()
connection = stomp.Connection11([("127.0.0.1", int(os.environ["PORT"]))], heartbeats=(0, 0), vhost="/")
connection.set_listener("", heard)
connection.connect("ada", "tulip-cleartext", wait=True)
connection.subscribe("/queue/orders", id="sub-1", ack="client-individual", headers={"receipt": "r-1"})
heard.frames.get(timeout=30)
connection.send(
    "/queue/orders", '{"order":1,"email":"ada@example.com"}', content_type="application/json",
    headers={"receipt": "r-2", "correlation-id": "c-1", "persistent": "true", "trace": "00-4bf92f", "api_key": "k-123"})
frames = [heard.frames.get(timeout=30), heard.frames.get(timeout=30)]
message = next(frame for frame in frames if frame.cmd == "MESSAGE")
connection.ack(message.headers["message-id"], "sub-1", receipt="r-3")
heard.frames.get(timeout=30)
connection.begin("t-1")
connection.send("/queue/orders", "in a transaction", transaction="t-1")
connection.commit("t-1", headers={"receipt": "r-4"})
frames = [heard.frames.get(timeout=30), heard.frames.get(timeout=30)]
message = next(frame for frame in frames if frame.cmd == "MESSAGE")
connection.nack(message.headers["message-id"], "sub-1", receipt="r-5")
heard.frames.get(timeout=30)
connection.begin("t-2")
connection.send("/queue/orders", "never said", transaction="t-2")
connection.abort("t-2", headers={"receipt": "r-6"})
heard.frames.get(timeout=30)
connection.unsubscribe("sub-1", headers={"receipt": "r-7"})
heard.frames.get(timeout=30)
connection.disconnect("r-8")
