import os
import pika

account = pika.PlainCredentials("ada", "tulip-cleartext")
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]), "/", account))
channel = connection.channel()
channel.queue_declare("orders")
channel.tx_select()
channel.basic_publish("", "orders", b"kept")
channel.tx_commit()
channel.basic_publish("", "orders", b"forgotten")
channel.tx_rollback()
channel.basic_get("orders", auto_ack=True)
channel.queue_delete("orders")
connection.close()
