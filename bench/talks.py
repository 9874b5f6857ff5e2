"""Captures laid out from the fixtures: what real clients and servers said, again and again."""

import collections
import re
import struct
from pathlib import Path

FOLDERS = Path(__file__).resolve().parent.parent / "crates/protocols/src"
ETHERNET = 1
FRAME = b"\0" * 12 + b"\x08\0"
PACKET = struct.Struct("<IIII")
# A longer line makes a talk long: a bench of it would be one of copying.
LONGEST = 60_000
# As much of a line as one segment carries on the loopback.
SEGMENT = 32_000
CLIENT, SERVER = (0x0A000002, 0x0A000001)

LINE = re.compile(r'^([CS]) "(.*)"(?:\*(\d+))?$')
ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|.)")
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class Fixture:
    """A fixture: whose it is, what was said, and whether in datagrams."""

    def __init__(self, path):
        self.folder, self.name = path.parent.parent, path.stem
        text = path.read_text()
        self.datagrams = "over UDP" in text.splitlines()[0]
        said = [line for line in text.splitlines() if line and not line.startswith("#")]
        self.lines = [parse(line) for line in said]
        self.long = any(len(bytes_) > LONGEST for _, bytes_ in self.lines)


def parse(line):
    """One line of a transcript: whether the client said it, and what."""
    speaker, quoted, times = LINE.match(line).groups()
    return speaker == "C", ESCAPE.sub(unescape, quoted).encode("latin-1") * int(times or 1)


def unescape(found):
    """The byte of an escape, as the character with its number."""
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) == 3 else ESCAPED.get(code, code)


def fixtures():
    """The fixtures of every protocol, by the folder's name; with its family's, where two families have one of that name."""
    found = {}
    for path in sorted(FOLDERS.glob("*/*/fixtures/*.transcript")):
        found.setdefault(path.parent.parent, []).append(Fixture(path))
    names = collections.Counter(folder.name for folder in found)
    named = lambda folder: folder.name if names[folder.name] == 1 else f"{folder.parent.name}/{folder.name}"
    return {named(folder): talks for folder, talks in found.items()}


def port(folder):
    """The first of the ports that a protocol usually has, as its door says."""
    door = re.search(r"fn ports\(.*?&\[(\d+)", (folder / "mod.rs").read_text(), re.DOTALL)
    return int(door[1]) if door else 9


class Capture:
    """A capture of the loopback, connection by connection."""

    def __init__(self, path, port):
        self.path, self.port, self.clock, self.connections = path, port, 1_700_000_000 * 1_000_000, 0

    def __enter__(self):
        self.out = self.path.open("wb", buffering=1 << 20)
        self.out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, ETHERNET))
        return self

    def __exit__(self, *failed):
        self.out.close()

    def talk(self, lines, datagrams=False):
        """A connection from another port than the last one's, whole or in datagrams."""
        client = 20_000 + self.connections % 40_000
        address = CLIENT + self.connections // 40_000
        self.connections += 1
        ends = ((address, client), (SERVER, self.port))
        if datagrams:
            for by_client, said in lines:
                self.datagram(*(ends if by_client else ends[::-1]), said)
            return
        sent = {True: 1, False: 1}
        self.segment(ends, sent, True, 0x02, b"")
        self.segment(ends, sent, False, 0x12, b"")
        for by_client, said in lines:
            for start in range(0, len(said), SEGMENT):
                self.segment(ends, sent, by_client, 0x18, said[start : start + SEGMENT])
        self.segment(ends, sent, True, 0x11, b"")
        self.segment(ends, sent, False, 0x11, b"")

    def segment(self, ends, sent, by_client, flags, said):
        source, target = ends if by_client else ends[::-1]
        opening = 1 if flags & 0x02 else 0
        numbers = (sent[by_client] - opening, sent[not by_client])
        tcp = struct.pack(">HHIIBBHHH", source[1], target[1], *numbers, 0x50, flags, 65535, 0, 0)
        sent[by_client] += len(said)
        self.packet(source, target, 6, tcp + said)

    def datagram(self, source, target, said):
        self.packet(source, target, 17, struct.pack(">HHHH", source[1], target[1], 8 + len(said), 0) + said)

    def packet(self, source, target, protocol, payload):
        self.clock += 5
        length = 20 + len(payload)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, length, 0, 0x4000, 64, protocol, 0, source[0], target[0])
        size = len(FRAME) + length
        self.out.write(PACKET.pack(self.clock // 1_000_000, self.clock % 1_000_000, size, size) + FRAME + ip + payload)
