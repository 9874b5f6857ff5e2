import os
import pika
from pika.exceptions import AMQPConnectionError

try:
    account = pika.PlainCredentials("ada", "hunter2")
    pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]), "/", account))
except AMQPConnectionError:
    pass
