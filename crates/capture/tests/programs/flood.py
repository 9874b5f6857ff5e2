"""Sends so many bytes so fast that a small ring must overflow, on one connection or on many; says how many."""
import signal
import socket
import sys

signal.alarm(60)
ROUNDS = 20_000
CONNECTIONS = 6_000
LINE = b"%08d"


def pair():
    a, b = socket.socketpair()
    total = 0
    for i in range(ROUNDS):
        total += a.send(LINE % i * 100)
        b.recv(1000)
    return total


def tcp():
    listener = socket.create_server(("127.0.0.1", 0))
    total = 0
    for i in range(CONNECTIONS):
        a = socket.create_connection(listener.getsockname())
        b, _ = listener.accept()
        total += a.send(LINE % i * 20)
        b.recv(1000)
        a.close()
        b.close()
    return total


print({"pair": pair, "tcp": tcp}[sys.argv[1]]())
