"""A call whose answer comes, and whose server leaves, while the client is still inside the call that asked.

Client and server have one processor, on which the server comes first. Waits for a line with `plain` or `tls`, makes the
call, and prints the process ids of both; its first line is the server's port.
"""
import os
import socket
import ssl
import sys

REQUEST = b"GET /hasty HTTP/1.1\r\nHost: hasty\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhasty"

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
listener = socket.create_server(("127.0.0.1", 0))


def over_tls(side, purpose, server):
    context = ssl.SSLContext(purpose)
    if server:
        context.load_cert_chain("cert.pem", "key.pem")
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(side, server_side=server)


def serve(layer):
    side, _ = listener.accept()
    if layer == "tls":
        side = over_tls(side, ssl.PROTOCOL_TLS_SERVER, True)
    heard = b""
    while not heard.endswith(b"\r\n\r\n"):
        heard += side.recv(4096)
    side.sendall(ANSWER)
    side.close()
    os._exit(0)


print(listener.getsockname()[1], flush=True)
for line in sys.stdin:
    layer = line.strip()
    server = os.fork()
    if not server:
        serve(layer)
    side = socket.create_connection(listener.getsockname())
    if layer == "tls":
        side = over_tls(side, ssl.PROTOCOL_TLS_CLIENT, False)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    side.sendall(REQUEST)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    heard = b""
    while len(heard) < len(ANSWER):
        heard += side.recv(4096)
    assert heard == ANSWER, heard
    side.close()
    os.waitpid(server, 0)
    print(os.getpid(), server, flush=True)
