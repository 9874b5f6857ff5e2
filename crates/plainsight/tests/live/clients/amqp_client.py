"""Publishes, gets and consumes over AMQP: PORT tls|plain ROUNDS. Prints what it did as lines of JSON."""

import json
import os
import ssl
import sys

import pika
from pika.exceptions import ChannelClosed, UnroutableError

port, layer, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
settings = {"credentials": pika.PlainCredentials("ada", "hunter2"), "client_properties": {"connection_name": "till"}}
if layer == "tls":
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    settings["ssl_options"] = pika.SSLOptions(context)


def did(statement, body=None, rows=None, error=None):
    print(json.dumps({"pid": os.getpid(), "statement": statement, "body": body, "rows": rows, "error": error}))


connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, **settings))
did("connection.start-ok PLAIN ada ***")
did("connection.open /")
channel = connection.channel()
did("channel.open")
channel.exchange_declare("shop", "topic")
did("exchange.declare shop")
channel.queue_declare("orders")
did("queue.declare orders")
channel.queue_bind("orders", "shop", "order.*")
did("queue.bind orders shop")
channel.confirm_delivery()
did("confirm.select")
for turn in range(rounds):
    body = '{"email":"user%d@example.com"}' % turn
    channel.basic_publish("shop", f"order.{turn}", body.encode())
    did(f"basic.publish shop order.{turn}", body)
    _, _, got = channel.basic_get("orders", auto_ack=True)
    did("basic.get orders", got.decode(), 1)
channel.basic_get("orders", auto_ack=True)
did("basic.get orders", None, 0)
try:
    channel.basic_publish("", "nowhere", b"lost", mandatory=True)
except UnroutableError:
    did("basic.publish nowhere", "lost")
    did("basic.return nowhere", "lost", None, "312")
try:
    channel.queue_declare("nothing", passive=True)
except ChannelClosed:
    did("queue.declare nothing", None, None, "404")
channel = connection.channel()
did("channel.open")
channel.queue_delete("orders")
did("queue.delete orders")
channel.exchange_delete("shop")
did("exchange.delete shop")
connection.close()
did("channel.close")
did("connection.close")
