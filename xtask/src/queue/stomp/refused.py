import os

import stomp

connection = stomp.Connection12([("127.0.0.1", int(os.environ["PORT"]))], reconnect_attempts_max=1, vhost="/")
try:
    connection.connect("ada", "hunter2", wait=True)
except stomp.exception.ConnectFailedException:
    pass
