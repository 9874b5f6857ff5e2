"""The captures that replays are measured with: recorded from real servers, cut, repeated, or laid out by hand."""

import json
import struct
import subprocess
import time
from pathlib import Path

import servers

QUERIES = 100_000
# The body of every HTTP answer, no two alike: an order of 12 lines with nginx's number of the request.
ORDER = json.dumps({"order": "$request_id", "lines": [{"article": f"A-{n:04}", "count": n % 7} for n in range(12)]})

FILE_HEADER = 24
PACKET_HEADER = struct.Struct("<IIII")
ETHERNET = b"\0" * 12 + b"\x08\0"


def postgresql(cache):
    """100,000 selects of pgbench, half in the simple protocol and half prepared: the file and the server's port."""
    path = cache / "postgresql.pcap"
    port = path.with_suffix(".port")
    if not port.exists():
        with servers.postgres() as server, recording(path, server.port):
            for mode in ("simple", "prepared"):
                each = str(QUERIES // 2 // 4)
                command, environment = server.pgbench("-S", "-M", mode, "-c", "4", "-j", "1", "-t", each)
                subprocess.run(command, env=environment, check=True, capture_output=True)
        port.write_text(str(server.port))
    return path, int(port.read_text())


def http(cache):
    """100,000 requests of ab to nginx, over 8 kept-alive connections: the file and the server's port."""
    path = cache / "http.pcap"
    port = path.with_suffix(".port")
    if not port.exists():
        with servers.nginx(ORDER) as (plain, _, _), recording(path, plain):
            url = f"http://127.0.0.1:{plain}/order.json?customer=4711"
            load = ["ab", "-k", "-q", "-n", str(QUERIES), "-c", "8", "-H", "Accept-Language: en", url]
            subprocess.run(load, check=True, capture_output=True)
        port.write_text(str(plain))
    return path, int(port.read_text())


class recording:
    """Records a port of the loopback to a file; a packet that the recorder dropped is an error."""

    def __init__(self, path, port):
        command = ["tcpdump", "-i", "lo", "-s", "0", "-B", "262144", "-Z", "root", "-w", path, f"tcp port {port}"]
        self.path, self.command = path, command

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        # It says on which interface it listens once it does.
        while "listening on" not in self.process.stderr.readline():
            pass

    def __exit__(self, *failed):
        grows = -1
        # The last packets reach the file when the kernel hands over its block, a second later at most.
        while grows != (grows := self.path.stat().st_size):
            time.sleep(1.5)
        self.process.terminate()
        told = self.process.stderr.read()
        self.process.wait()
        if "\n0 packets dropped by kernel" not in told:
            raise RuntimeError(f"the recorder lost packets: {told}")


def packets(path):
    """The packets of a pcap file, each with its header."""
    data = memoryview(path.read_bytes())
    at = FILE_HEADER
    while at < len(data):
        size = PACKET_HEADER.size + PACKET_HEADER.unpack_from(data, at)[2]
        yield data[at : at + size]
        at += size


def cut(path, count):
    """The first `count` packets of a capture, as a file beside it."""
    short = path.with_name(f"{path.stem}-{count}.pcap")
    if not short.exists():
        with short.open("wb") as out:
            out.write(path.read_bytes()[:FILE_HEADER])
            for number, packet in enumerate(packets(path)):
                if number == count:
                    break
                out.write(packet)
    return short


def repeated(path, port, size):
    """A capture again and again, an hour apart, each time from other client ports, to `size` bytes; whole connections."""
    long = path.with_name(f"{path.stem}-{size >> 20}MB.pcap")
    if long.exists():
        return long
    with long.open("wb") as out:
        out.write(path.read_bytes()[:FILE_HEADER])
        turn = 0
        while out.tell() < size:
            for packet in packets(path):
                packet = bytearray(packet)
                seconds = struct.unpack_from("<I", packet, 0)[0]
                struct.pack_into("<I", packet, 0, seconds + 3600 * turn)
                header = PACKET_HEADER.size + len(ETHERNET) + 20
                for place in (header, header + 2):
                    other = struct.unpack_from(">H", packet, place)[0]
                    if other != port:
                        struct.pack_into(">H", packet, place, 1024 + (other + turn * 97) % 64000)
                out.write(packet)
            turn += 1
    return long


def message(tag, body):
    """A message of PostgreSQL's protocol."""
    return tag + struct.pack(">I", 4 + len(body)) + body


class Synthetic:
    """A capture of many PostgreSQL connections that take turns, laid out packet by packet."""

    STARTUP = struct.pack(">II", 35, 3 << 16) + b"user\0bench\0database\0bench\0\0"
    READY = message(b"Z", b"I")
    LOGGED_IN = message(b"R", bytes(4)) + READY
    ASKED = message(b"Q", b"SELECT abalance FROM pgbench_accounts WHERE aid = 00000;\0")
    COLUMN = b"abalance\0" + struct.pack(">IHIHiH", 16402, 3, 23, 4, -1, 0)
    ANSWER = (
        message(b"T", b"\0\1" + COLUMN)
        + message(b"D", b"\0\1" + struct.pack(">I", 1) + b"0")
        + message(b"C", b"SELECT 1\0")
        + READY
    )
    PORT = 5432

    def __init__(self, path, connections):
        self.path = path
        self.connections = connections
        self.clock = 1_700_000_000 * 1_000_000
        self.sent = [[1, 1] for _ in range(connections)]

    def write(self, rounds):
        """Every connection logs in, then asks once a round."""
        with self.path.open("wb", buffering=1 << 20) as self.out:
            self.out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for number in range(self.connections):
                self.packet(number, 0, 0x02, b"")
                self.packet(number, 1, 0x12, b"")
                self.packet(number, 0, 0x18, self.STARTUP)
                self.packet(number, 1, 0x18, self.LOGGED_IN)
            for turn in range(rounds):
                for number in range(self.connections):
                    self.packet(number, 0, 0x18, self.ASKED.replace(b"00000", b"%05d" % (number % 100_000)))
                    self.packet(number, 1, 0x18, self.ANSWER)
        return self.path

    def packet(self, number, side, flags, payload):
        """One segment of side 0 (the client) or 1 (the server)."""
        self.clock += 5
        sent = self.sent[number]
        client = (0x0A000000 + (number >> 14) + 2, 20_000 + (number & 0x3FFF))
        source, target = (client, (0x0A000001, self.PORT)) if side == 0 else ((0x0A000001, self.PORT), client)
        opening = flags & 0x02
        sequence, acknowledged = sent[side] - (1 if opening else 0), sent[1 - side]
        length = 40 + len(payload)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, length, 0, 0x4000, 64, 6, 0, source[0], target[0])
        tcp = struct.pack(">HHIIBBHHH", source[1], target[1], sequence, acknowledged, 0x50, flags, 65535, 0, 0)
        size = len(ETHERNET) + length
        self.out.write(PACKET_HEADER.pack(self.clock // 1_000_000, self.clock % 1_000_000, size, size))
        self.out.write(ETHERNET + ip + tcp + payload)
        sent[side] += len(payload)


def synthetic(cache, connections, rounds):
    """Many connections, each asking `rounds` times."""
    path = Path(cache, f"synthetic-{connections}-{rounds}.pcap")
    return path if path.exists() else Synthetic(path, connections).write(rounds)
