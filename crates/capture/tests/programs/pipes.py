"""Speaks through pipes of one kind and prints, tab-separated, what its client and its server said."""

import os
import socket
import subprocess
import sys
import tempfile


def apart(reads, writes):
    """Reads in a process of its own what this one writes."""
    child = os.fork()
    if not child:
        reads()
        os._exit(0)
    writes()
    os.waitpid(child, 0)


def calls(reader, writer):
    def reads():
        assert os.read(reader, 6) == b"write;"
        assert os.readv(reader, [bytearray(3), bytearray(4)]) == 7

    def writes():
        os.write(writer, b"write;")
        os.writev(writer, [b"wri", b"tev;"])

    apart(reads, writes)
    return "write;writev;", ""


def single():
    return calls(*os.pipe())


def fifo():
    path = os.path.join(tempfile.mkdtemp(), "fifo")
    os.mkfifo(path)
    both = os.open(path, os.O_RDWR)
    return calls(both, both)


def unseen():
    reader, writer = os.pipe()

    def reads():
        with tempfile.TemporaryFile() as file:
            assert os.splice(reader, file.fileno(), 500) == 500
        assert os.read(reader, 4) == b"tail"

    apart(reads, lambda: os.write(writer, b"x" * 500 + b"tail"))
    return "tail", ""


def spliced():
    reader, writer = os.pipe()
    file = tempfile.TemporaryFile()
    file.write(b"by splice;")
    file.flush()

    def writes():
        assert os.splice(file.fileno(), writer, 10, offset_src=0) == 10

    apart(lambda: os.read(reader, 10), writes)
    return "by splice;", ""


def long():
    reader, writer = os.pipe()

    def reads():
        left = 100_000
        while left:
            left -= len(os.read(reader, min(left, 1000)))

    def writes():
        left = memoryview(b"y" * 100_000)
        while left:
            left = left[os.write(writer, left) :]

    apart(reads, writes)
    return "y" * 5000, ""


def unread():
    reader, writer = os.pipe()
    os.write(writer, b"nobody reads this")
    os.close(reader)
    os.close(writer)
    return "", ""


def talk(server, ask, answered):
    """Asks the program behind the two descriptors."""
    for question in (b"question;", b"another;"):
        os.write(ask, question)
        assert os.read(answered, 100) == b"to " + question
    os.close(ask)
    assert os.read(answered, 1) == b""
    os.close(answered)
    assert server.wait() == 0
    return "question;another;", "to question;to another;"


SERVED = [sys.executable, __file__, "served"]


def started(command):
    """A program with two pipes of its own."""
    (come, ask), (answered, go) = os.pipe(), os.pipe()
    server = subprocess.Popen(command, stdin=come, stdout=go)
    os.close(come)
    os.close(go)
    return talk(server, ask, answered)


def duplex():
    return started(SERVED)


def wrapped():
    """A shell becomes it, and another one starts it."""
    return started(["sh", "-c", 'exec sh -c "$0 $1 $2; true"', *SERVED])


def sockets():
    """As Node does."""
    (ask, come), (answered, go) = socket.socketpair(), socket.socketpair()
    server = subprocess.Popen(SERVED, stdin=come, stdout=go)
    come.close()
    go.close()
    return talk(server, ask.detach(), answered.detach())


def mixed():
    """As Python's asyncio does before 3.12."""
    (ask, come), (answered, go) = socket.socketpair(), os.pipe()
    server = subprocess.Popen(SERVED, stdin=come, stdout=go)
    come.close()
    os.close(go)
    return talk(server, ask.detach(), answered)


def line():
    """The one in the middle has two pipes, with two others."""
    script = '"$0" "$1" written | "$0" "$1" served | "$0" "$1" read'
    subprocess.run(["sh", "-c", script, *SERVED[:2]], check=True)
    return "question;to question;", ""


def served():
    while asked := os.read(0, 100):
        os.write(1, b"to " + asked)


def written():
    os.write(1, b"question;")


def read():
    os.read(0, 100)


kind = sys.argv[1]
said = globals()[kind]()
if said:
    print(*said, sep="\t")
