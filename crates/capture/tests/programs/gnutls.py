"""Speaks TLS by every call of GnuTLS that moves bytes: gnutls.py KIND HOW CLIENT SERVER, each end with a libgnutls of its own.

The session is given descriptors (HOW is `int`), or a pointer that only its own functions know for one (`ptr`). Says on
standard output what moved: the client's words, a tab, the server's.
"""
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile

# Seconds after which a process that hangs dies by itself: a fork does not inherit the alarm.
PATIENCE = 10
# From gnutls.h.
SERVER, CLIENT, CERTIFICATE, PEM, WAIT, AGAIN, INTERRUPTED = 1, 2, 1, 1, 1, -28, -52
# More than the buffers of two sockets that were told to be small, and less than the pipe to who started this holds.
LARGE, SMALL = 48_000, 4096


class Session:
    """One end of a connection; every call is made until it succeeds."""

    def __init__(self, path, side, sock, how, folder):
        self.lib, self.sock, self.failed = ctypes.CDLL(path), sock, 0
        for name in ("send", "send2", "recv", "recv_seq"):
            getattr(self.lib, f"gnutls_record_{name}").restype = ctypes.c_ssize_t
        self.session, self.credentials = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.lib.gnutls_init(ctypes.byref(self.session), side) == 0
        assert self.lib.gnutls_set_default_priority(self.session) == 0
        assert self.lib.gnutls_certificate_allocate_credentials(ctypes.byref(self.credentials)) == 0
        if side == SERVER:
            cert, key = (f"{folder}/{name}.pem".encode() for name in ("cert", "key"))
            assert self.lib.gnutls_certificate_set_x509_key_file(self.credentials, cert, key, PEM) == 0
        assert self.lib.gnutls_credentials_set(self.session, CERTIFICATE, self.credentials) == 0
        if how == "int":
            self.lib.gnutls_transport_set_int2(self.session, sock.fileno(), sock.fileno())
        else:
            self.lib.gnutls_transport_set_ptr(self.session, ctypes.c_void_p(sock.fileno()))
        self.until_done(lambda: self.lib.gnutls_handshake(self.session))

    def until_done(self, call, again=None):
        answer = call()
        while answer in (AGAIN, INTERRUPTED):
            self.failed += 1
            writes = self.lib.gnutls_record_get_direction(self.session)
            select.select([] if writes else [self.sock], [self.sock] if writes else [], [])
            answer = (again or call)()
        assert answer >= 0, answer
        return answer

    def send(self, text):
        return self.until_done(lambda: self.lib.gnutls_record_send(self.session, bytes(text), ctypes.c_size_t(len(text))))

    def send2(self, text):
        size = ctypes.c_size_t(len(text))
        return self.until_done(lambda: self.lib.gnutls_record_send2(self.session, bytes(text), size, ctypes.c_size_t(3), 0))

    def corked(self, *texts):
        self.lib.gnutls_record_cork(self.session)
        for text in texts:
            assert self.send(text) == len(text)
        assert self.lib.gnutls_record_uncork(self.session, WAIT) >= 0

    def send_all(self, text, again=None):
        at = 0
        while at < len(text):
            piece = text[at:]
            call = lambda: self.lib.gnutls_record_send(self.session, piece, ctypes.c_size_t(len(piece)))
            at += self.until_done(call, again)

    def recv(self, length):
        """By both forms in turn."""
        text = b""
        while len(text) < length:
            buffer = ctypes.create_string_buffer(7 if length < 1000 else 65536)
            size = ctypes.c_size_t(min(length - len(text), len(buffer)))
            if len(text) % 2:
                call = lambda: self.lib.gnutls_record_recv(self.session, buffer, size)
            else:
                call = lambda: self.lib.gnutls_record_recv_seq(self.session, buffer, size, ctypes.create_string_buffer(8))
            got = self.until_done(call)
            assert got, text
            text += buffer.raw[:got]
        return text

    def end(self):
        self.lib.gnutls_bye(self.session, 1)
        self.lib.gnutls_deinit(self.session)
        self.sock.close()


# What each kind does: at the client, and at the server. What is returned is what that end said.

def forms_client(s):
    s.send(b"send;")
    s.send2(b"send2;")
    s.corked(b"corked;", b"too;")
    s.recv(len(b"answer;"))
    return b"send;send2;corked;too;"


def forms_server(s):
    s.recv(len(b"send;send2;corked;too;"))
    s.send(b"answer;")
    return b"answer;"


def large():
    return b"".join(b"%08d" % at for at in range(LARGE // 8))


def retry_client(s, again=None):
    """Writes more than fits, so that most writes fail first; and reads before there is anything."""
    s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    s.sock.setblocking(False)
    s.failed = 0
    s.send_all(large(), again)
    assert s.failed > 0, "no write failed"
    s.failed = 0
    s.recv(len(b"late"))
    assert s.failed > 0, "no read failed"
    return large()


def taken_client(s):
    """Tries again without the bytes, which the library has taken."""
    return retry_client(s, lambda: s.lib.gnutls_record_send(s.session, None, ctypes.c_size_t(0)))


def retry_server(s):
    # The other end finds no room first, and later nothing to read.
    select.select([], [], [], 0.05)
    s.recv(LARGE)
    select.select([], [], [], 0.05)
    s.send(b"late")
    return b"late"


KINDS = {"forms": (forms_client, forms_server), "retry": (retry_client, retry_server), "taken": (taken_client, retry_server)}


def main(kind, how, client, server):
    signal.alarm(PATIENCE)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    at_client, at_server = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                       check=True, stderr=subprocess.DEVNULL)
        told, tells = os.pipe()
        if not os.fork():
            signal.alarm(PATIENCE)
            s = Session(server, SERVER, listener.accept()[0], how, folder)
            os.write(tells, at_server(s))
            s.end()
            os._exit(0)
        os.close(tells)
        s = Session(client, CLIENT, socket.create_connection(listener.getsockname()), how, folder)
        said = at_client(s)
        answered = b""
        while piece := os.read(told, 65536):
            answered += piece
        s.end()
        assert os.wait()[1] == 0
    print(said.decode(), answered.decode(), sep="\t")


main(*sys.argv[1:])
