"""A byte of a bulk result, protocol by protocol: what rows behind the sampled ones cost, which are passed over by their lengths; and
a byte of a text that is kept and read."""

import struct
import tempfile
from pathlib import Path

import captures
import measure
import talks
from report import Row

# A row of pgbench's accounts: numbers, and filler that makes it a row of usual width.
FILLER = b"x" * 84
# Rows of an answer, in the two captures whose difference is taken; instructions are counted of the smaller ones.
COUNTED = (2_000, 12_000)
TIMED = (20_000, 120_000)
# Answers of a capture whose time is taken.
ANSWERS = 10
ROUNDS = 5
# What a byte may cost, of rows and of text: nanoseconds.
GOAL, TEXT_GOAL = 0.15, 1
# So long are statements that are longer than most.
STATEMENT = 8_000


def run(plainsight, _cache):
    """The rows of every protocol that answers in bulk, and of those with statements."""
    for protocol, talk in TALKS.items():
        yield row(plainsight, f"{protocol}: a byte of a bulk result", protocol, talk, GOAL)
    for protocol, talk in TEXTS.items():
        yield row(plainsight, f"{protocol}: a byte of a statement's text", protocol, talk, TEXT_GOAL)


def row(plainsight, what, protocol, talk, goal):
    """What a byte costs: in instructions, and in time of a larger capture."""
    instructions, _ = a_byte(protocol, talk, COUNTED, 1, lambda path: measure.instructions([plainsight, "replay", "--quiet", path]))
    seconds, size = a_byte(protocol, talk, TIMED, ANSWERS, lambda path: cpu(plainsight, path))
    beside = f"{instructions:.3f} instructions, {size / 1e6:.0f} MB"
    return Row.at_most(what, beside, seconds * 1e9, goal, "ns")


def a_byte(protocol, talk, sizes, answers, spend):
    """What `spend` says of a byte, as the difference of two captures of so many rows; and how many bytes that were."""
    with tempfile.TemporaryDirectory() as folder:
        paths, bytes_ = [], []
        for rows in sizes:
            path = Path(folder, f"{rows}.pcap")
            lines = talk(rows)
            with talks.Capture(path, PORTS[protocol]) as capture:
                for _ in range(answers):
                    capture.talk(lines)
            paths.append(path)
            bytes_.append(answers * sum(len(said) for _, said in lines))
        spent = [spend(path) for path in paths]
    return (spent[1] - spent[0]) / (bytes_[1] - bytes_[0]), bytes_[1] - bytes_[0]


def cpu(plainsight, path):
    """The CPU seconds of a replay, the least of some: what is beside it only adds."""
    return min(measure.cpu([plainsight, "replay", "--quiet", path]) for _ in range(ROUNDS))


def postgres(rows):
    message = captures.message
    column = lambda name, kind: name + b"\0" + struct.pack(">IHIHiH", 16402, 1, kind, 4, -1, 0)
    columns = [column(b"aid", 23), column(b"bid", 23), column(b"abalance", 23), column(b"filler", 1042)]
    cells = lambda number: (b"%d" % number, b"1", b"0", FILLER)
    row = lambda number: message(b"D", b"\0\4" + b"".join(struct.pack(">I", len(cell)) + cell for cell in cells(number)))
    return [
        (True, captures.Synthetic.STARTUP),
        (False, captures.Synthetic.LOGGED_IN),
        (True, message(b"Q", b"SELECT * FROM pgbench_accounts\0")),
        (False, message(b"T", b"\0\4" + b"".join(columns)) + b"".join(map(row, range(rows)))),
        (False, message(b"C", b"SELECT %d\0" % rows) + captures.Synthetic.READY),
    ]


def mysql(rows):
    """Behind the log-in of a real client."""
    packet = lambda number, body: struct.pack("<I", len(body))[:3] + bytes([number % 256]) + body
    text = lambda said: bytes([len(said)]) + said
    column = lambda name, kind: b"\3def" + b"".join(map(text, (b"shop", b"a", b"a", name, name))) + b"\x0c\x2d\0\xa0\0\0\0" + bytes([kind]) + bytes(5)
    columns = [column(name, kind) for name, kind in ((b"aid", 3), (b"bid", 3), (b"abalance", 3), (b"filler", 254))]
    end = b"\xfe\0\0\2\0"
    row = lambda number: b"".join(map(text, (b"%d" % number, b"1", b"0", FILLER)))
    bodies = [b"\4", *columns, end, *map(row, range(rows)), end]
    answer = b"".join(packet(number, body) for number, body in enumerate(bodies, 1))
    return [*log_in("mysql", "pymysql", 7), (True, packet(0, b"\3SELECT * FROM a")), (False, answer)]


def statements(log_in, packed, done):
    """As many bytes of statements as rows have, each one with other text, and answered with nothing."""

    def talk(rows):
        lines = list(log_in())
        for number in range(rows * len(FILLER) // STATEMENT):
            text = b"INSERT INTO notes (id, text) VALUES (%d, '" % number
            lines += [(True, packed(text + b"lorem ipsum %d " % number * (STATEMENT // 20) + b"')")), (False, done)]
        return lines

    return talk


def redis(rows):
    value = b"$%d\r\n%s\r\n" % (len(FILLER), FILLER)
    return [(True, b"*4\r\n$6\r\nLRANGE\r\n$1\r\na\r\n$1\r\n0\r\n$2\r\n-1\r\n"), (False, b"*%d\r\n" % rows + value * rows)]


def mongodb(rows):
    """A `find` whose documents come in messages of 16,000, as a driver asks for them."""
    each = 16_000
    lines = []
    for number, first in enumerate(range(0, rows, each)):
        asked, batch = (b"find", b"firstBatch") if first == 0 else (b"getMore", b"nextBatch")
        what = string(b"find", b"a") if first == 0 else b"\x12getMore\0" + struct.pack("<q", 7) + string(b"collection", b"a")
        more = 7 if first + each < rows else 0
        documents = b"".join(nested(3, b"%d" % at, account(first + at)) for at in range(min(each, rows - first)))
        cursor = nested(4, batch, documents) + b"\x12id\0" + struct.pack("<q", more) + string(b"ns", b"shop.a")
        said = nested(3, b"cursor", cursor) + b"\1ok\0" + struct.pack("<d", 1)
        lines += [(True, op_msg(number * 2 + 1, 0, what + string(b"$db", b"shop"))), (False, op_msg(number * 2 + 2, number * 2 + 1, said))]
    return lines


def account(number):
    integer = lambda name, value: b"\x10" + name + b"\0" + struct.pack("<i", value)
    return integer(b"_id", number) + integer(b"bid", 1) + integer(b"abalance", 0) + string(b"filler", FILLER)


def string(name, value):
    return b"\2" + name + b"\0" + struct.pack("<I", len(value) + 1) + value + b"\0"


def nested(kind, name, members):
    return bytes([kind]) + name + b"\0" + struct.pack("<I", len(members) + 5) + members + b"\0"


def op_msg(number, answers, members):
    body = bytes(4) + b"\0" + struct.pack("<I", len(members) + 5) + members + b"\0"
    return struct.pack("<IIII", 16 + len(body), number, answers, 2013) + body


def kafka(rows):
    """A `Fetch` of version 4: batches of a hundred records, which are a page of what a producer sends."""
    each = 100
    header = struct.pack(">hhih", 1, 4, 1, -1)
    wanted = struct.pack(">iiiibi", -1, 100, 1, 1 << 30, 0, 1) + name(b"a") + struct.pack(">iiqi", 1, 0, 0, 1 << 30)
    records = b"".join(batch(first, min(each, rows - first)) for first in range(0, rows, each))
    answer = struct.pack(">iii", 1, 0, 1) + name(b"a") + struct.pack(">iihqqii", 1, 0, 0, rows, rows, 0, len(records))
    framed = lambda said: struct.pack(">I", len(said)) + said
    return [(True, framed(header + wanted)), (False, framed(answer + records))]


def name(said):
    return struct.pack(">h", len(said)) + said


def batch(first, count):
    record = b"\0\0" + b"\0" + b"\1" + b"\xa8\1" + FILLER + b"\0"
    records = (bytes([(len(record) << 1 & 0x7F) | 0x80, len(record) >> 6]) + record) * count
    head = struct.pack(">ibIhiqqqhii", 0, 2, 0, 0, count - 1, 0, 0, -1, -1, -1, count)
    return struct.pack(">qi", first, len(head) + len(records)) + head + records


def log_in(protocol, fixture, lines):
    """What a real client and server said before the first query."""
    return {one.name: one for one in talks.fixtures()[protocol]}[fixture].lines[:lines]


TEXTS = {
    "postgres": statements(
        lambda: [(True, captures.Synthetic.STARTUP), (False, captures.Synthetic.LOGGED_IN)],
        lambda text: captures.message(b"Q", text + b"\0"),
        captures.message(b"C", b"INSERT 0 1\0") + captures.Synthetic.READY,
    ),
    "mysql": statements(
        lambda: log_in("mysql", "pymysql", 7),
        lambda text: struct.pack("<I", len(text) + 1) + b"\3" + text,
        b"\7\0\0\1\0\1\0\2\0\0\0",
    ),
}
TALKS = {"postgres": postgres, "mysql": mysql, "redis": redis, "mongodb": mongodb, "kafka": kafka}
PORTS = {"postgres": 5432, "mysql": 3306, "redis": 6379, "mongodb": 27017, "kafka": 9092}
