"""Sends so many bytes so fast that a small ring must overflow; says how many."""
import signal
import socket

signal.alarm(20)
ROUNDS = 20_000
a, b = socket.socketpair()
total = 0
for i in range(ROUNDS):
    total += a.send(b"%08d" % i * 100)
    b.recv(1000)
print(total)
