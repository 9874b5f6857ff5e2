import os
import socket

connection = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))


def say(text, end=b"\r\n"):
    connection.sendall(text)
    heard = b""
    while not heard.endswith(end):
        heard += connection.recv(65536)
    print(heard)


say(b"mn\r\n", b"MN\r\n")
say(b"ms user:1 15 T60\r\nada@example.com\r\n")
say(b"mg user:1 v t k\r\n", b"com\r\n")
say(b"mg user:1\r\n")
say(b"mg missing v\r\n")
say(b"mg a v q k O1\r\nmg user:1 v q k O2\r\nmg b v q k O3\r\nmn\r\n", b"MN\r\n")
say(b"ms a 1 q\r\n1\r\nms b 1 q ME\r\n2\r\nms c 1 q MR\r\n3\r\nmn\r\n", b"MN\r\n")
say(b"ma a v\r\n")
say(b"me a\r\n")
say(b"md a\r\n")
say(b"md a\r\n")
say(b"md b q\r\nmd c q\r\nmg b v\r\n", b"EN\r\n")
