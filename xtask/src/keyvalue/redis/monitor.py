import os
import socket

HOST = "127.0.0.1"
watcher = socket.create_connection((HOST, int(os.environ["PORT"])))
other = socket.create_connection((HOST, int(os.environ["SERVER_PORT"])))


def ask(connection, line, end=b"\r\n"):
    connection.sendall(line + b"\r\n")
    read(connection, end)


def read(connection, end):
    heard = b""
    while end not in heard:
        heard += connection.recv(65536)
    print(heard)


ask(watcher, b"*1\r\n$7\r\nMONITOR")
ask(other, b"SET user:1 ada@example.com")
read(watcher, b"example.com\"\r\n")
ask(other, b'MIGRATE 127.0.0.1 1 user:1 0 10 AUTH hunter2')
ask(other, b"GET user:1")
read(watcher, b'"GET" "user:1"\r\n')
ask(watcher, b"*1\r\n$5\r\nRESET", b"+RESET\r\n")
ask(watcher, b"*2\r\n$3\r\nGET\r\n$6\r\nuser:1", b"example.com\r\n")
