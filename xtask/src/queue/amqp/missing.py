import os
import pika
from pika.exceptions import ChannelClosed

account = pika.PlainCredentials("ada", "tulip-cleartext")
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]), "/", account))
channel = connection.channel()
try:
    channel.queue_declare("nothing", passive=True)
except ChannelClosed:
    pass
channel = connection.channel()
channel.basic_publish("nowhere", "order.new", b"lost")
try:
    while True:
        connection.process_data_events(1)
        channel.basic_qos(prefetch_count=1)
except ChannelClosed:
    pass
channel = connection.channel()
channel.queue_declare("orders")
channel.queue_delete("orders")
connection.close()
