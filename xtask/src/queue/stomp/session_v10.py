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
connection = stomp.Connection10([("127.0.0.1", int(os.environ["PORT"]))])
connection.set_listener("", heard)
connection.connect("ada", "tulip-cleartext", wait=True)
connection.subscribe("/queue/orders", ack="client", headers={"receipt": "r-1"})
heard.frames.get(timeout=30)
connection.send("/queue/orders", "by 1.0", headers={"receipt": "r-2", "path": "C:\\new"})
frames = [heard.frames.get(timeout=30), heard.frames.get(timeout=30)]
message = next(frame for frame in frames if frame.cmd == "MESSAGE")
connection.ack(message.headers["message-id"], receipt="r-3")
heard.frames.get(timeout=30)
connection.unsubscribe(destination="/queue/orders", headers={"receipt": "r-4"})
heard.frames.get(timeout=30)
connection.disconnect("r-5")
