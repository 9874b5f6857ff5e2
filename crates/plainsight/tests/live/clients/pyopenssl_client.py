"""Makes one call with pyOpenSSL, and looks at the answer before it reads it."""
import json
import os
import socket
import sys
import warnings

# Its makers support it no more.
warnings.simplefilter("ignore")
from OpenSSL import SSL

sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
tls = SSL.Connection(SSL.Context(SSL.TLS_METHOD), sock)
tls.set_connect_state()
tls.do_handshake()
tls.sendall(b"GET /module HTTP/1.1\r\nHost: localhost\r\n\r\n")
answer = tls.recv(9, socket.MSG_PEEK)
while b"\r\n" not in answer:
    answer = tls.recv(100, socket.MSG_PEEK)
assert tls.recv(len(answer)) == answer
try:
    while tls.recv(100):
        pass
except (SSL.ZeroReturnError, SSL.SysCallError):
    pass
print(json.dumps({"pid": os.getpid(), "fd": sock.fileno(), "status": int(answer.split()[1]),
                  "version": SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode()}))
