import os
import socket
import time
from urllib.parse import urlsplit

place = urlsplit(os.environ["URL"])
wire = socket.create_connection((place.hostname, place.port))
ASKED = ("GET /index.html", "HEAD /users.json", "GET /missing", "GET /users.json")
wire.sendall(b"".join(f"{asked} HTTP/1.1\r\nHost: here\r\n\r\n".encode() for asked in ASKED))
time.sleep(0.3)
for path in ("/", "/fail"):
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    wire.recv(1)
wire.sendall(b"GET /index.html HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
while wire.recv(65536):
    pass
