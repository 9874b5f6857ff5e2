import os

from proton import ConnectionException
from proton.utils import BlockingConnection

try:
    BlockingConnection(f"amqp://ada:hunter2@127.0.0.1:{os.environ['PORT']}", allowed_mechs="PLAIN")
except ConnectionException:
    pass
