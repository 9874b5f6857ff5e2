"""Makes calls on many connections: one thread receives of all, others decrypt what came, none of them twice in a row the same."""
import concurrent.futures
import json
import os
import selectors
import socket
import ssl
import sys

port, connections, calls = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


class Talk:
    def __init__(self, name):
        self.name, self.call, self.heard, self.is_open = name, 0, b"", False
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.goes, server_hostname="localhost")

    def target(self):
        return f"/pool/{self.name}?fd={self.sock.fileno()}&call={self.call}"

    def ask(self):
        self.tls.write(f"GET {self.target()} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def advance(self, cipher):
        """What a worker does: all of the TLS, and none of the socket."""
        self.came.write(cipher)
        if not self.is_open:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                return []
            self.is_open = True
            self.ask()
        made = []
        try:
            while True:
                self.heard += self.tls.read(4096)
                while b"\r\n\r\n" in self.heard:
                    head, rest = self.heard.split(b"\r\n\r\n", 1)
                    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                    if len(rest) < length:
                        break
                    self.heard = rest[length:]
                    made.append({"pid": os.getpid(), "fd": self.sock.fileno(), "port": self.sock.getsockname()[1],
                                 "method": "GET", "target": self.target(), "status": int(head.split()[1])})
                    self.call += 1
                    if self.call < calls:
                        self.ask()
        except ssl.SSLWantReadError:
            return made


talks = {talk.sock: talk for talk in (Talk(name) for name in range(connections))}
left = connections * calls
with concurrent.futures.ThreadPoolExecutor(4) as pool, selectors.DefaultSelector() as selector:
    for talk in talks.values():
        selector.register(talk.sock, selectors.EVENT_READ, talk)
    turn = [(talk, pool.submit(talk.advance, b"")) for talk in talks.values()]
    while left:
        for talk, future in turn:
            for made in future.result():
                print(json.dumps(made))
                left -= 1
            if talk.goes.pending:
                talk.sock.setblocking(True)
                talk.sock.sendall(talk.goes.read())
                talk.sock.setblocking(False)
        if not left:
            break
        # All that is there is received first, and decrypted then.
        ready = [key.data for key, _ in selector.select()]
        came = [(talk, talk.sock.recv(65536)) for talk in ready]
        turn = [(talk, pool.submit(talk.advance, cipher)) for talk, cipher in reversed(came)]
