"""Speaks TLS by every call of OpenSSL that moves bytes: tls.py KIND HOW CLIENT SERVER, each end with a libssl of its own.

The descriptor is given to the session itself (HOW is `fd`), or to a socket of OpenSSL's below it (`bio`), of which the
session is never told. Says on standard output what moved: the client's words, a tab, the server's, and a
bar between two connections.
"""
import ctypes
import glob
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile

# Seconds after which a process that hangs dies by itself: a fork does not inherit the alarm.
PATIENCE = 10
# From ssl.h and tls1.h.
SET_MODE, SET_MAX_FRAGMENT, SET_MIN_PROTOCOL, TLS1_3 = 33, 52, 123, 0x304
PARTIAL_WRITE, MOVING_BUFFER = 1, 2
WANT_READ, WANT_WRITE = 2, 3
EARLY_ERROR, EARLY_SUCCESS, EARLY_FINISH = 0, 1, 2
# More than the buffers of two sockets that were told to be small, and less than the pipe to who started this holds.
LARGE, SMALL = 48_000, 4096


class Library:
    """A libssl, with its functions' types."""

    def __init__(self, path):
        # Wheels have theirs beside it, under a name that only its importer finds.
        for crypto in glob.glob(f"{os.path.dirname(path)}/libcrypto-*"):
            ctypes.CDLL(crypto, ctypes.RTLD_GLOBAL)
        self.lib = ctypes.CDLL(path)
        pointers = ["TLS_method", "SSL_CTX_new", "SSL_new", "SSL_get1_session", "BIO_new_socket"]
        for name in pointers:
            getattr(self.lib, name).restype = ctypes.c_void_p

    def __getattr__(self, name):
        function = getattr(self.lib, name)
        return lambda *given: function(*[ctypes.c_void_p(one) if isinstance(one, int) and one > 1 << 31 else one for one in given])


class Session:
    """One end of a connection; every call is made until it succeeds."""

    def __init__(self, library, context, sock, how):
        self.library, self.how = library, how
        self.ssl = library.SSL_new(context)
        self.stand_on(sock)
        self.failed = 0

    def stand_on(self, sock):
        self.sock = sock
        if self.how == "fd":
            assert self.library.SSL_set_fd(self.ssl, sock.fileno()) == 1
        else:
            bio = self.library.BIO_new_socket(sock.fileno(), 0)
            self.library.SSL_set_bio(self.ssl, bio, bio)

    def begin_again(self, other):
        """On the socket of another session, which has not said anything."""
        self.library.SSL_free(other.ssl)
        assert self.library.SSL_clear(self.ssl) == 1
        self.stand_on(other.sock)

    def until_done(self, call, done=lambda answer: answer > 0):
        while True:
            answer = call()
            if done(answer):
                return answer
            wanted = self.library.SSL_get_error(self.ssl, answer)
            assert wanted in (WANT_READ, WANT_WRITE), (wanted, answer)
            self.failed += 1
            reads, writes = ([self.sock], []) if wanted == WANT_READ else ([], [self.sock])
            self.wait(reads, writes)

    def wait(self, reads, writes):
        select.select(reads, writes, [])

    def connect(self):
        self.until_done(lambda: self.library.SSL_connect(self.ssl))

    def accept(self):
        self.until_done(lambda: self.library.SSL_accept(self.ssl))

    def write(self, text):
        return self.until_done(lambda: self.library.SSL_write(self.ssl, bytes(text), len(text)))

    def write_all(self, text):
        """Each try from another place in memory, as programs do that keep no buffer."""
        tries = []
        at = 0
        while at < len(text):
            def once():
                tries.append(ctypes.create_string_buffer(bytes(text[at:]), len(text) - at))
                return self.library.SSL_write(self.ssl, tries[-1], len(text) - at)
            at += self.until_done(once)

    def counted(self, function, buffer, length):
        count = ctypes.c_size_t(77)
        self.until_done(lambda: getattr(self.library, function)(self.ssl, buffer, ctypes.c_size_t(length), ctypes.byref(count)))
        return count.value

    def write_ex(self, text):
        assert self.counted("SSL_write_ex", bytes(text), len(text)) == len(text)

    def write_early(self, text):
        assert self.counted("SSL_write_early_data", bytes(text), len(text)) == len(text)

    def read(self, length, function="SSL_read"):
        buffer = ctypes.create_string_buffer(length)
        got = self.until_done(lambda: getattr(self.library, function)(self.ssl, buffer, length))
        return buffer.raw[:got]

    def read_ex(self, length, function="SSL_read_ex"):
        buffer = ctypes.create_string_buffer(length)
        got = self.counted(function, buffer, length)
        return buffer.raw[:got]

    def read_early(self):
        """All early data, in small pieces."""
        text = b""
        while True:
            buffer, count = ctypes.create_string_buffer(5), ctypes.c_size_t(77)
            answer = self.until_done(
                lambda: self.library.SSL_read_early_data(self.ssl, buffer, ctypes.c_size_t(5), ctypes.byref(count)),
                lambda answer: answer != EARLY_ERROR)
            if answer == EARLY_FINISH:
                return text
            text += buffer.raw[: count.value]

    def read_all(self, length):
        """By both forms in turn."""
        text = b""
        while len(text) < length:
            form = self.read if len(text) % 2 else self.read_ex
            text += form(min(7, length - len(text)) if length < 1000 else 65536)
        assert len(text) == length, text
        return text

    def peeked(self, length):
        """Looked at by both forms before it is read."""
        seen = self.read(3, "SSL_peek")
        more = self.read_ex(5, "SSL_peek_ex")
        text = self.read_all(length)
        assert text.startswith(seen) and text.startswith(more), (seen, more, text)
        return text

    def end(self):
        self.library.SSL_shutdown(self.ssl)
        self.library.SSL_free(self.ssl)
        self.sock.close()


def context_of(library, folder=None):
    context = library.SSL_CTX_new(library.TLS_method())
    library.SSL_CTX_ctrl(context, SET_MIN_PROTOCOL, TLS1_3, None)
    if folder:
        assert library.SSL_CTX_use_certificate_file(context, f"{folder}/cert.pem".encode(), 1) == 1
        assert library.SSL_CTX_use_PrivateKey_file(context, f"{folder}/key.pem".encode(), 1) == 1
        library.SSL_CTX_set_max_early_data(context, 16384)
    return context


def certify(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, stderr=subprocess.DEVNULL)


# What each kind does: at the client, and at the server. What is returned is what that end said.

def forms_client(new):
    s = new()
    s.connect()
    s.write(b"SSL_write;")
    s.write_ex(b"SSL_write_ex;")
    s.read_all(len(b"answer by SSL_write;answer by SSL_write_ex;"))
    s.end()
    return b"SSL_write;SSL_write_ex;"


def forms_server(new):
    s = new()
    s.accept()
    s.read_all(len(b"SSL_write;SSL_write_ex;"))
    s.write(b"answer by SSL_write;")
    s.write_ex(b"answer by SSL_write_ex;")
    s.end()
    return b"answer by SSL_write;answer by SSL_write_ex;"


def peek_client(new):
    s = new()
    s.connect()
    s.write(b"a question to look at")
    s.peeked(len(b"an answer to look at"))
    s.end()
    return b"a question to look at"


def peek_server(new):
    s = new()
    s.accept()
    s.peeked(len(b"a question to look at"))
    s.write(b"an answer to look at")
    s.end()
    return b"an answer to look at"


def large(letter):
    return b"".join(b"%c%07d" % (letter, at) for at in range(LARGE // 8))


def retry_client(new, mode=MOVING_BUFFER):
    """Writes more than fits, so that most writes fail first; and reads before there is anything."""
    s = new()
    s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    s.library.SSL_ctrl(s.ssl, SET_MODE, mode, None)
    s.sock.setblocking(False)
    s.connect()
    s.failed = 0
    s.write_all(large(ord("q")))
    assert s.failed > 0, "no write failed"
    s.failed = 0
    s.read_all(len(b"late"))
    assert s.failed > 0, "no read failed"
    s.end()
    return large(ord("q"))


def partial_client(new):
    return retry_client(new, MOVING_BUFFER | PARTIAL_WRITE)


def retry_server(new):
    s = new()
    s.accept()
    # The other end finds no room first, and later nothing to read.
    select.select([], [], [], 0.05)
    s.read_all(LARGE)
    select.select([], [], [], 0.05)
    s.write(b"late")
    s.end()
    return b"late"


def held_client(new):
    """Small writes, each sent by a call of its own until there is no room; from then on they fail first."""
    s = new()
    s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    s.library.SSL_ctrl(s.ssl, SET_MODE, MOVING_BUFFER, None)
    s.sock.setblocking(False)
    s.connect()
    s.failed = 0
    text = large(ord("h"))
    for at in range(0, LARGE, 1000):
        s.write_all(text[at:at + 1000])
    assert s.failed > 0, "no write failed"
    s.read_all(len(b"late"))
    s.end()
    return text


def pieces_client(new):
    """A write that is sent as one record, one that is sent as many, and another one."""
    s = new()
    s.connect()
    s.write(b"one record;")
    s.library.SSL_ctrl(s.ssl, SET_MAX_FRAGMENT, 512, None)
    s.write(large(ord("p")))
    s.write(b"and again;")
    s.read_all(len(b"late"))
    s.end()
    return b"one record;" + large(ord("p")) + b"and again;"


def pieces_server(new):
    s = new()
    s.accept()
    s.read_all(len(b"one record;") + LARGE + len(b"and again;"))
    s.write(b"late")
    s.end()
    return b"late"


def early_client(new):
    """A session to resume, and then early data in two pieces before anything was answered."""
    first = new()
    first.connect()
    first.read_all(len(b"ticket;"))
    session = first.library.SSL_get1_session(first.ssl)
    first.end()
    s = new()
    assert s.library.SSL_set_session(s.ssl, session) == 1
    s.library.SSL_set_connect_state(s.ssl)
    s.write_early(b"early one;")
    s.write_early(b"early two;")
    s.read_all(len(b"answered early;"))
    s.connect()
    s.write(b"late;")
    s.read_all(len(b"answered late;"))
    assert s.library.SSL_get_early_data_status(s.ssl) == 2, "early data was refused"
    s.end()
    return b"|early one;early two;late;"


def early_server(new):
    first = new()
    first.accept()
    first.write(b"ticket;")
    first.sock.recv(1)
    first.end()
    s = new()
    text = b""
    while len(text) < len(b"early one;early two;"):
        buffer, count = ctypes.create_string_buffer(5), ctypes.c_size_t(77)
        assert s.library.SSL_read_early_data(s.ssl, buffer, ctypes.c_size_t(5), ctypes.byref(count)) == EARLY_SUCCESS
        text += buffer.raw[: count.value]
    # Half of the handshake is still to come.
    s.write_early(b"answered early;")
    assert s.read_early() == b""
    s.accept()
    s.read_all(len(b"late;"))
    s.write(b"answered late;")
    s.end()
    return b"ticket;|answered early;answered late;"


def again_client(new):
    """One session for two connections, the second on the descriptor of the first."""
    s = new()
    s.connect()
    s.write(b"first;")
    s.read_all(len(b"answered first;"))
    s.library.SSL_shutdown(s.ssl)
    number = s.sock.fileno()
    s.sock.close()
    other = new()
    assert other.sock.fileno() == number, "the descriptor is another one"
    s.begin_again(other)
    s.connect()
    s.write(b"second;")
    s.read_all(len(b"answered second;"))
    s.end()
    return b"first;|second;"


def again_server(new):
    for word in (b"first;", b"second;"):
        s = new()
        s.accept()
        s.read_all(len(word))
        s.write(b"answered " + word)
        s.library.SSL_free(s.ssl)
        s.sock.close()
    return b"answered first;|answered second;"


KINDS = {
    "again": (again_client, again_server),
    "forms": (forms_client, forms_server), "peek": (peek_client, peek_server), "retry": (retry_client, retry_server),
    "partial": (partial_client, retry_server), "held": (held_client, retry_server),
    "pieces": (pieces_client, pieces_server), "early": (early_client, early_server),
}


def main(kind, how, client, server):
    signal.alarm(PATIENCE)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    at_client, at_server = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        certify(folder)
        told, tells = os.pipe()
        if not os.fork():
            signal.alarm(PATIENCE)
            library = Library(server)
            context = context_of(library, folder)
            os.write(tells, at_server(lambda: Session(library, context, listener.accept()[0], how)))
            os._exit(0)
        os.close(tells)
        library = Library(client)
        context = context_of(library)
        said = at_client(lambda: Session(library, context, socket.create_connection(listener.getsockname()), how))
        answered = b""
        while piece := os.read(told, 65536):
            answered += piece
        assert os.wait()[1] == 0
    print(said.decode(), answered.decode(), sep="\t")


main(*sys.argv[1:])
