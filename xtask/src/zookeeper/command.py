import os
import socket

host, port = os.environ["SERVER"].split(":")
# It takes connections a moment before it serves.
said = b""
while b"Zookeeper version" not in said:
    said = b""
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        connection.sendall(b"srvr")
        try:
            while more := connection.recv(65536):
                said += more
        except TimeoutError:
            pass
