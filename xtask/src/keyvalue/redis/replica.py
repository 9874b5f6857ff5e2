import os
import socket

connection = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
other = socket.create_connection(("127.0.0.1", int(os.environ["SERVER_PORT"])))


def say(connection, line, end=b"\r\n"):
    words = line.split()
    framed = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    connection.sendall(b"*%d\r\n%s" % (len(words), framed))
    heard = b""
    while end not in heard:
        heard += connection.recv(65536)
    return heard


say(connection, b"PING")
say(connection, b"REPLCONF listening-port 1")
say(connection, b"REPLCONF capa psync2")
heard = say(connection, b"PSYNC ? -1", b"redis-ver")
say(other, b"SET user:1 ada@example.com")
say(connection, b"REPLCONF ACK 0", b"ada@example.com")
