import os
import pika

account = pika.PlainCredentials("ada", "tulip-cleartext")
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]), "/", account))
channel = connection.channel()
channel.queue_declare("photos")
channel.confirm_delivery()
for length in [2048, 2064, 133000]:
    channel.basic_publish("", "photos", b"0123456789abcdef" * (length // 16))
    channel.basic_get("photos", auto_ack=True)
channel.queue_delete("photos")
connection.close()
