import os
import socket

connection = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))


def say(text, answers):
    connection.sendall(text)
    heard = b""
    while heard.count(b"\r\n") < answers:
        heard += connection.recv(65536)
    print(heard)


say(b"set greeting 0 0 5\r\nhello\r\n", 1)
say(b"incr greeting 1\r\n", 1)
say(b"gats 0 greeting missing\r\n", 3)
say(b"verbosity 1\r\n", 1)
say(b"get greeting\r\nget missing\r\nversion\r\n", 5)
say(b"stats\r\n", 50)
