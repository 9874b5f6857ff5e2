import os
import pika
from pika.exceptions import UnroutableError

account = pika.PlainCredentials("ada", "tulip-cleartext")
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]), "/", account))
channel = connection.channel()
channel.queue_declare("orders")
channel.queue_declare("few", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
channel.confirm_delivery()
channel.basic_publish("", "orders", b"one")
channel.basic_publish("", "orders", b"two")
try:
    channel.basic_publish("", "nowhere", b"three", mandatory=True)
except UnroutableError:
    pass
for body in [b"first", b"one too many"]:
    try:
        channel.basic_publish("", "few", body)
    except pika.exceptions.NackError:
        pass
other = connection.channel()
other.queue_delete("orders")
other.queue_delete("few")
connection.close()
