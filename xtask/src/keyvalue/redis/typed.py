import os
import socket

connection = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
for line in [b"PING", b'SET "two words" \'it is\'', b'get "two words"', b"", b"EXISTS a b", b"PING"]:
    connection.sendall(line + b"\r\n")
    if line:
        print(connection.recv(65536))
connection.sendall(b"LLEN none\n")
print(connection.recv(65536))
