import os

from proton import Message
from proton.reactor import AtMostOnce
from proton.utils import BlockingConnection

connection = BlockingConnection(f"amqp://ada:tulip-cleartext@127.0.0.1:{os.environ['PORT']}", allowed_mechs="PLAIN")
sender = connection.create_sender("/topic/prices", options=AtMostOnce())
sender.link.send(Message(b"nobody confirms this", inferred=True))
# What follows is answered, so all before it was sent.
asking = connection.create_sender("/queue/asking")
asking.send(Message("last"))
connection.close()
