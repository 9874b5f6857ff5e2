import os
import socket

connection = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))


def say(*lines):
    framed = b""
    for line in lines:
        words = line.split()
        framed += b"*%d\r\n" % len(words)
        framed += b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    connection.sendall(framed)


say(b"PING")
print(connection.recv(65536))
say(b"CLIENT REPLY OFF", b"SET a 1", b"GET a", b"CLIENT REPLY ON")
print(connection.recv(65536))
say(b"GET a")
print(connection.recv(65536))
say(b"CLIENT REPLY SKIP", b"SET a 2", b"GET a")
print(connection.recv(65536))
say(b"DEL a")
print(connection.recv(65536))
