import os
import socket
from urllib.parse import urlsplit

place = urlsplit(os.environ["URL"])
wire = socket.create_connection((place.hostname, place.port))
wire.sendall(b"GET /index.html?token=hunter2\r\n")
while wire.recv(65536):
    pass
