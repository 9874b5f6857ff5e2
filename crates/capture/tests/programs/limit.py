"""Sends one large piece in one call, then a small one."""
import signal
import socket

signal.alarm(5)
a, b = socket.socketpair()
a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
assert a.send(b"x" * 50_000) == 50_000
a.send(b"tail")
