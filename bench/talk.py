"""A load for a stopped collector: so many calls a second on a TCP connection of the loopback, for so long."""

import contextlib
import os
import socket
import sys
import time

MESSAGE = b"GET /order.json?customer=4711 HTTP/1.1\r\nHost: shop\r\nAccept: application/json\r\nX-Padding: " + b"x" * 100 + b"\r\n\r\n"


def main():
    rate, seconds = int(sys.argv[1]), float(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0)) as door:
        client = socket.create_connection(door.getsockname())
        server, _ = door.accept()
    with contextlib.suppress(PermissionError):
        # The rate is the point: nothing else may hold it back.
        os.nice(-20)
    begun, sent = time.monotonic(), 0
    # Each message is two calls: one writes it, one reads it.
    while (passed := time.monotonic() - begun) < seconds:
        while sent < passed * rate / 2:
            client.sendall(MESSAGE)
            server.recv(len(MESSAGE))
            sent += 1
        time.sleep(0.0005)
    print(2 * sent / passed)


if __name__ == "__main__":
    main()
