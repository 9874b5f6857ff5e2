import os

from proton import Message
from proton.utils import BlockingConnection

connection = BlockingConnection(f"amqp://ada:tulip-cleartext@127.0.0.1:{os.environ['PORT']}", allowed_mechs="PLAIN")
sender = connection.create_sender("/queue/long")
# More than RabbitMQ's frames of 128 KiB hold.
sender.send(Message(8750 * b"0123456789abcde\n", inferred=True))
receiver = connection.create_receiver("/queue/long", credit=1)
receiver.receive(timeout=30)
receiver.accept()
connection.close()
