"""What no usual client does, and the protocol allows."""

import os
import socket
import struct


def message(tag, body=b""):
    return tag + struct.pack("!I", len(body) + 4) + body


def text(words):
    return words.encode() + b"\0"


def parse(name, sql):
    return message(b"P", text(name) + text(sql) + struct.pack("!H", 0))


def bind(portal, name, *values):
    body = text(portal) + text(name) + struct.pack("!HH", 0, len(values))
    for value in values:
        body += struct.pack("!I", len(value)) + value.encode()
    return message(b"B", body + struct.pack("!H", 0))


def execute(portal, rows=0):
    return message(b"E", text(portal) + struct.pack("!I", rows))


def close(kind, name):
    return message(b"C", kind + text(name))


SYNC, FLUSH = message(b"S"), message(b"H")


def hear(wire, until):
    heard = b""
    while not heard.endswith(until):
        heard += wire.recv(65536)


READY = message(b"Z", b"I")
with socket.create_connection((os.environ["PGHOST"], int(os.environ["PGPORT"]))) as wire:
    wire.sendall(struct.pack("!II", 8, 80877103))
    assert wire.recv(1) == b"N"
    body = struct.pack("!I", 3 << 16) + text("user") + text("app") + text("database") + text("shop") + b"\0"
    wire.sendall(struct.pack("!I", len(body) + 4) + body)
    hear(wire, READY)
    # Named statements, one of which is refused: what it meant before holds.
    wire.sendall(parse("one", "SELECT 'first', $1::text") + SYNC)
    hear(wire, READY)
    wire.sendall(parse("one", "SELECT 'second'") + bind("", "one") + execute("") + SYNC)
    hear(wire, READY)
    wire.sendall(bind("", "one", "x") + execute("") + SYNC)
    hear(wire, READY)
    # A portal that is read in steps, with a flush and no Sync between.
    wire.sendall(parse("", "SELECT generate_series(1, 5)") + bind("steps", "") + message(b"D", b"P" + text("steps")))
    wire.sendall(execute("steps", 2) + FLUSH)
    hear(wire, message(b"s"))
    wire.sendall(execute("steps", 2) + FLUSH)
    hear(wire, message(b"s"))
    wire.sendall(execute("steps") + close(b"P", "steps") + SYNC)
    hear(wire, READY)
    # A batch of several, of which the second fails and the third is passed over; the next batch is in the same write.
    batch = b"".join(
        parse("", "SELECT 10 / $1::int4") + bind("", "", value) + execute("") for value in ("2", "0", "5")
    )
    wire.sendall(batch + SYNC + parse("", "SELECT 'next'") + bind("", "") + execute("") + SYNC)
    hear(wire, b"next" + message(b"C", text("SELECT 1")) + READY)
    # An empty statement, one that fails when it is described, and a copy within the extended protocol.
    wire.sendall(parse("", "") + bind("", "") + execute("") + SYNC)
    hear(wire, READY)
    wire.sendall(parse("", "SELECT broken") + message(b"D", b"S" + text("")) + SYNC)
    hear(wire, READY)
    wire.sendall(parse("", "COPY users (name) FROM STDIN") + bind("", "") + execute("") + SYNC)
    hear(wire, b"\0\0")
    wire.sendall(message(b"d", b"Barbara\n") + message(b"d", b"Donald\n") + message(b"c") + SYNC)
    hear(wire, READY)
    wire.sendall(message(b"Q", text("DELETE FROM users WHERE id > 3")))
    hear(wire, READY)
    wire.sendall(close(b"S", "one") + SYNC)
    hear(wire, READY)
    wire.sendall(message(b"X"))
