"""What a client of stomp.py is told, for the sessions behind it."""
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

    def next(self):
        return self.frames.get(timeout=30)

    def message(self):
        """The message among a message and a receipt, which come in any order."""
        frames = [self.next(), self.next()]
        return next(frame for frame in frames if frame.cmd == "MESSAGE")


heard = Heard()
