"""Opens so many connections, one after the other, each of which asks and is answered once; then ends."""
import signal
import socket
import sys
import threading

signal.alarm(25)
count = int(sys.argv[1])
door = socket.create_server(("127.0.0.1", 0))


def serve():
    for _ in range(count):
        server, _ = door.accept()
        asked = server.recv(100)
        server.sendall(b"answer to " + asked)
        server.close()


serving = threading.Thread(target=serve)
serving.start()
for i in range(count):
    client = socket.create_connection(door.getsockname())
    client.sendall(b"question %d" % i)
    while client.recv(100):
        pass
    client.close()
serving.join()
