# Stands before a broker and lets in who logs in as ada, with tulip-cleartext: the broker has no users of its own.
import base64
import hashlib
import hmac
import os
import socket
import struct
import sys
import threading

LISTEN, SERVER = int(sys.argv[1]), int(sys.argv[2])
SALT, ROUNDS = b"0123456789", 4096


def take(of, length):
    taken = b""
    while len(taken) < length:
        more = of.recv(length - len(taken))
        if not more:
            raise EOFError
        taken += more
    return taken


def frame(of):
    return take(of, struct.unpack(">i", take(of, 4))[0])


def put(to, body):
    to.sendall(struct.pack(">i", len(body)) + body)


def text(value):
    return struct.pack(">h", len(value)) + value


def scram(first):
    client = first.split(b",", 2)[2]
    nonce = dict(part.split(b"=", 1) for part in client.split(b","))[b"r"] + b"theirs"
    server = b"r=" + nonce + b",s=" + base64.b64encode(SALT) + b",i=%d" % ROUNDS
    last = yield server
    without, proof = last.rsplit(b",p=", 1)
    salted = hashlib.pbkdf2_hmac("sha256", b"tulip-cleartext", SALT, ROUNDS)
    key = hmac.digest(salted, b"Client Key", "sha256")
    signed = client + b"," + server + b"," + without
    signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
    good = bytes(a ^ b for a, b in zip(key, signature)) == base64.b64decode(proof)
    own = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
    yield b"v=" + base64.b64encode(own) if good else None


class Login:
    def __init__(self):
        self.steps = None

    def answer(self, proof):
        if self.steps is not None:
            return self.steps.send(proof)
        if proof.startswith(b"n,"):
            self.steps = scram(proof)
            return next(self.steps)
        return b"" if proof.split(b"\0")[1:] == [b"ada", b"tulip-cleartext"] else None


def guard(client, server):
    login, bare = Login(), False
    while True:
        request = frame(client)
        key, version, number = struct.unpack(">hhi", request[:8]) if len(request) > 8 else (-1, 0, 0)
        if bare and not (key in (0, 1, 3, 18) and version < 14):
            answer = login.answer(request)
            if answer is None:
                return
            put(client, answer)
            continue
        if key == 17:
            bare = version == 0
            names = [b"PLAIN", b"SCRAM-SHA-256"]
            put(client, struct.pack(">ihi", number, 0, len(names)) + b"".join(map(text, names)))
        elif key == 36:
            begin = 10 + struct.unpack(">h", request[8:10])[0]
            answer = login.answer(request[begin + 4 :])
            if answer is None:
                message = b"Authentication failed: Invalid username or password"
                put(client, struct.pack(">ih", number, 58) + text(message) + struct.pack(">i", 0) + bytes(8) * (version > 0))
                return
            put(client, struct.pack(">ihhi", number, 0, -1, len(answer)) + answer + bytes(8) * (version > 0))
        else:
            put(server, request)
            answer = frame(server)
            if key == 18:
                answer = with_logins(answer)
            put(client, answer)


def with_logins(answer):
    """The broker's versions of everything, and our own of what a login takes: one of `SaslAuthenticate` that is not flexible."""
    if answer[4:6] != b"\0\0" or answer[6] & 0x80 or len(answer) < 8 or answer[6] == 0:
        return answer
    count, entries, at = answer[6] - 1, [], 7
    for _ in range(count):
        key, low, high = struct.unpack(">hhh", answer[at : at + 6])
        if key not in (17, 36):
            entries.append(answer[at : at + 7])
        at += 7
    entries += [struct.pack(">hhh", 17, 0, 1) + b"\0", struct.pack(">hhh", 36, 0, 1) + b"\0"]
    return answer[:6] + bytes([len(entries) + 1]) + b"".join(entries) + answer[at:]


def serve(client):
    with client, socket.create_connection(("127.0.0.1", SERVER)) as server:
        try:
            guard(client, server)
        except (EOFError, ConnectionError):
            pass


listener = socket.create_server(("127.0.0.1", LISTEN))
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
