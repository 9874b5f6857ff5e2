"""Sends and gets over STOMP: PORT tls|plain ROUNDS. Prints what it did as lines of JSON."""

import json
import os
import queue
import sys

import stomp

port, layer, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


class Heard(stomp.ConnectionListener):
    def __init__(self):
        self.frames = queue.Queue()

    def on_message(self, frame):
        self.frames.put(frame)

    def on_receipt(self, frame):
        self.frames.put(frame)

    def on_error(self, frame):
        self.frames.put(frame)

    def wait_for(self, *wanted):
        """Frames of these commands, in whatever order they come."""
        found, wanted = {}, list(wanted)
        while wanted:
            frame = self.frames.get(timeout=60)
            wanted.remove(frame.cmd)
            found[frame.cmd] = frame
        return found


def did(statement, body=None, outcome="ok", error=None):
    print(json.dumps({"pid": os.getpid(), "statement": statement, "body": body, "outcome": outcome, "error": error}))


heard = Heard()
where = [("127.0.0.1", port)]
connection = stomp.Connection12(where, heartbeats=(0, 0), vhost="/")
if layer == "tls":
    connection.set_ssl(where)
connection.set_listener("", heard)
connection.connect("ada", "hunter2", wait=True)
did("STOMP ada ***")
connection.subscribe("/queue/orders", id="orders", ack="client-individual", headers={"receipt": "subscribed"})
heard.wait_for("RECEIPT")
did("SUBSCRIBE /queue/orders")
for turn in range(rounds):
    body = '{"email":"user%d@example.com"}' % turn
    connection.send("/queue/orders", body, receipt=f"r-{turn}")
    message = heard.wait_for("RECEIPT", "MESSAGE")["MESSAGE"]
    did("SEND /queue/orders", body)
    did("MESSAGE /queue/orders", message.body, "oneway")
    connection.ack(message.headers["ack"])
    did("ACK " + message.headers["ack"], outcome="oneway")
connection.send("/nowhere", "lost")
refused = heard.wait_for("ERROR")["ERROR"]
did("SEND /nowhere", "lost", "oneway")
did("ERROR", refused.body, "oneway", "ERROR")
