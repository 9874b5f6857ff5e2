"""Says a word on one connection for each line that it is given, and says so when the other end has it."""
import signal
import socket
import sys

signal.alarm(25)
door = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(door.getsockname())
server, _ = door.accept()
for line in sys.stdin:
    word = line.strip().encode()
    client.sendall(word)
    assert server.recv(100) == word
    print("said", flush=True)
