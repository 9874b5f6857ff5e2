import os
import socket

connection = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))


def say(text, answers=1):
    connection.sendall(text)
    heard = b""
    while heard.count(b"\r\n") < answers:
        heard += connection.recv(65536)
    print(heard)


say(b"get user:1\r\n")
say(b"set auth 0 0 11\r\nada hunter2\r\n")
say(b"set auth 0 0 19\r\nada tulip-cleartext\r\n")
say(b"set motto 0 0 12\r\nper aspera 1\r\n")
say(b"get motto\r\n", 3)
say(b"set two 0 0 9\r\nin clear!\r\n")
connection.close()
