"""Moves known bytes by every call that can; says on standard output what it moved: transport, client's, server's."""
import ctypes
import os
import signal
import socket
import sys
import tempfile

# Seconds after which a process that hangs dies by itself: a fork does not inherit the alarm.
PATIENCE = 5
# What `say` says.
SAID = b"send;write;writev;pwritev2;sendmsg;sendmmsg;dup2;"

libc = ctypes.CDLL(None, use_errno=True)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vector", ctypes.POINTER(Vector)),
                ("vectors", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("padding", ctypes.c_int), ("length", ctypes.c_uint)]


def many(pieces):
    messages = (Message * len(pieces))()
    keep = []
    for message, piece in zip(messages, pieces):
        vector = Vector(piece, len(piece))
        keep.append(vector)
        message.vector, message.vectors = ctypes.pointer(vector), 1
    return messages, keep


def sendmmsg(s, pieces):
    messages, _keep = many(pieces)
    assert libc.sendmmsg(s.fileno(), messages, len(pieces), 0) == len(pieces)


def recvmmsg(s):
    buffers = [ctypes.create_string_buffer(3) for _ in range(2)]
    messages, _keep = many([b"", b""])
    for message, buffer in zip(messages, buffers):
        message.vector.contents.base = ctypes.cast(buffer, ctypes.c_char_p)
        message.vector.contents.length = 3
    got = libc.recvmmsg(s.fileno(), messages, 2, 0x10000, None)  # MSG_WAITFORONE
    assert got > 0
    return b"".join(b.raw[: m.length] for b, m in zip(buffers[:got], messages))


def say(s):
    """Every way to send, piece by piece of `SAID`."""
    s.send(b"send;")
    os.write(s.fileno(), b"write;")
    os.writev(s.fileno(), [b"wri", b"", b"tev;"])
    os.pwritev(s.fileno(), [b"pwrite", b"v2;"], -1)
    s.sendmsg([b"send", b"msg;"])
    sendmmsg(s, [b"sendm", b"msg;"])
    copy = os.dup2(s.fileno(), s.fileno() + 40)
    os.write(copy, b"dup2;")
    os.close(copy)


def hear(s, length):
    """Every way to receive, round and round, until so many bytes are there."""
    got = b""
    ways = [lambda: s.recv(7), lambda: os.read(s.fileno(), 5), lambda: s.recvmsg(6)[0], lambda: vectored(s),
            lambda: peeked(s), lambda: recvmmsg(s), lambda: positioned(s)]
    turn = 0
    while len(got) < length:
        got += ways[turn % len(ways)]()
        turn += 1
    assert len(got) == length, got
    return got


def peeked(s):
    s.recv(4, socket.MSG_PEEK)
    return s.recv(4)


def vectored(s):
    parts = [bytearray(2), bytearray(4)]
    n = os.readv(s.fileno(), parts)
    return b"".join(parts)[:n]


def positioned(s):
    """Python's preadv and pwritev are the system calls with a 2; -1 is the place where a socket stands anyway."""
    parts = [bytearray(1), bytearray(2)]
    n = os.preadv(s.fileno(), parts, -1)
    return b"".join(parts)[:n]


def serve_in_child(listener):
    """A parent accepts, a child serves."""
    signal.alarm(PATIENCE)
    s, _ = listener.accept()
    if os.fork():
        s.close()
        os.wait()
        os._exit(0)
    signal.alarm(PATIENCE)
    s.sendall(b"echo:" + hear(s, len(SAID)))
    s.close()
    os._exit(0)


def stream(family, address):
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen()
    if not os.fork():
        serve_in_child(listener)
    s = socket.socket(family)
    s.connect(listener.getsockname())
    say(s)
    answer = hear(s, len(b"echo:" + SAID))
    s.close()
    os.wait()
    return SAID.decode(), answer.decode()


def passed():
    """Who accepts passes the connection on to a process that ran before (SCM_RIGHTS), which serves; that one's id comes last."""
    listener = socket.create_server(("127.0.0.1", 0))
    told, tells = os.pipe()
    if not os.fork():
        signal.alarm(PATIENCE)
        here, there = socket.socketpair()
        worker = os.fork()
        if not worker:
            signal.alarm(PATIENCE)
            _, (descriptor,), _, _ = socket.recv_fds(there, 1, 1)
            s = socket.socket(fileno=descriptor)
            s.sendall(b"echo:" + hear(s, len(SAID)))
            s.close()
            os._exit(0)
        os.write(tells, str(worker).encode())
        s, _ = listener.accept()
        socket.send_fds(here, [b"."], [s.fileno()])
        s.close()
        os.wait()
        os._exit(0)
    worker = os.read(told, 100).decode()
    s = socket.create_connection(listener.getsockname())
    say(s)
    answer = hear(s, len(b"echo:" + SAID))
    s.close()
    os.wait()
    return SAID.decode(), answer.decode(), worker


def pair(kind):
    a, b = socket.socketpair(socket.AF_UNIX, kind)
    a.send(b"ping one")
    a.send(b"ping two")
    heard = b.recv(100) + b.recv(100) if kind != socket.SOCK_STREAM else hear(b, 16)
    b.send(b"pong")
    return heard.decode(), a.recv(100).decode()


def datagrams(family, bound, at, connected):
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.bind((bound, 0))
    client = socket.socket(socket.AF_INET6 if ":" in at else socket.AF_INET, socket.SOCK_DGRAM)
    to = (at, server.getsockname()[1])
    if connected:
        client.connect(to)
        client.send(b"question")
    else:
        client.sendto(b"question", to)
    question, peer = server.recvfrom(100)
    server.sendto(b"answer", peer)
    return question.decode(), client.recv(100).decode()


def file(s):
    with tempfile.TemporaryFile() as f:
        f.write(b"f" * 5000)
        f.flush()
        os.sendfile(s.fileno(), f.fileno(), 0, 5000)


def unseen():
    """A file goes out inside the kernel; the program that gets it is not there to be watched."""
    a, b = socket.socketpair()
    a.send(b"head")
    file(a)
    a.send(b"tail")
    return "head+5000+tail", ""


def ends():
    """Two sockets end with their last descriptors, between two words on a second pair."""
    a, b = socket.socketpair()
    a.send(b"first")
    b.recv(100)
    copy = os.dup(a.fileno())
    os.write(copy, b"copy")
    b.recv(100)
    a.close()
    c, d = socket.socketpair()
    c.send(b"before")
    d.recv(100)
    os.close(copy)
    b.close()
    c.send(b"after")
    d.recv(100)
    return "", ""


if __name__ == "__main__":
    signal.alarm(PATIENCE)
    with tempfile.TemporaryDirectory() as directory:
        talks = {
            "tcp4": lambda: stream(socket.AF_INET, ("127.0.0.1", 0)),
            "tcp6": lambda: stream(socket.AF_INET6, ("::1", 0)),
            "unix": lambda: stream(socket.AF_UNIX, directory + "/socket"),
            "passed": passed,
            "pair": lambda: pair(socket.SOCK_STREAM),
            "packets": lambda: pair(socket.SOCK_SEQPACKET),
            "udp": lambda: datagrams(socket.AF_INET, "127.0.0.1", "127.0.0.1", True),
            "udp_unconnected": lambda: datagrams(socket.AF_INET, "127.0.0.1", "127.0.0.1", False),
            "udp_nowhere": lambda: datagrams(socket.AF_INET, "", "127.0.0.1", False),
            "udp6": lambda: datagrams(socket.AF_INET6, "::1", "::1", False),
            "udp_mapped": lambda: datagrams(socket.AF_INET6, "::", "127.0.0.1", False),
            "unseen": unseen,
            "ends": ends,
        }
        print("\t".join(talks[sys.argv[1]]()), flush=True)
