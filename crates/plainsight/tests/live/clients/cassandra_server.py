"""Answers as Cassandra does, by its specifications native_protocol_v3.spec to v5.spec, whose sections are named.

    cassandra_server.py PORT [--login] [--tls CERTIFICATE KEY]

Nobody packages the real one. It keeps nothing: each statement of the tests has its answer below. Frames of version 5 are
written and read by the driver's own codec. It says `listening` when it listens, and each statement that it is asked to run.
"""
import hashlib
import io
import re
import socketserver
import ssl
import struct
import sys
import threading

import lz4.block
import snappy
from cassandra import connection

VERSIONS = (3, 4, 5)
LOGIN = "--login" in sys.argv
PASSWORD = b"\0ada\0tulip"

# 4.2.5.2: types by their numbers.
INT, TEXT, UUID, BIGINT, BOOLEAN, DECIMAL, DOUBLE = 0x09, 0x0D, 0x0C, 0x02, 0x04, 0x06, 0x07
TIMESTAMP, DATE, INET, BLOB, DURATION = 0x0B, 0x11, 0x10, 0x03, 0x15
LIST, MAP, SET, USER, TUPLE = 0x20, 0x21, 0x22, 0x30, 0x31


def string(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def value(data):
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def option(kind):
    if isinstance(kind, int):
        return struct.pack(">H", kind)
    number, *inner = kind
    head = struct.pack(">H", number)
    if number == USER:
        keyspace, name, fields = inner
        head += string(keyspace) + string(name) + struct.pack(">H", len(fields))
        return head + b"".join(string(field) + option(of) for field, of in fields)
    if number == TUPLE:
        return head + struct.pack(">H", len(inner)) + b"".join(map(option, inner))
    return head + b"".join(map(option, inner))


def metadata(columns, paging=None, known=False, table=("shop", "users")):
    """4.2.5.2: <metadata>, with the table said once."""
    flags = 1 | (2 if paging else 0) | (4 if known else 0)
    said = struct.pack(">II", flags, len(columns))
    if paging:
        said += value(paging)
    if known:
        return said
    return said + string(table[0]) + string(table[1]) + b"".join(string(name) + option(kind) for name, kind in columns)


def rows(columns, cells, **how):
    return struct.pack(">I", 2) + metadata(columns, **how) + struct.pack(">I", len(cells)) + b"".join(
        value(cell) for row in cells for cell in row)


def error(code, message, more=b""):
    return 0x00, struct.pack(">I", code) + string(message) + more


def many(*items):
    return struct.pack(">I", len(items)) + b"".join(map(value, items))


COLUMNS = [
    ("id", INT), ("name", TEXT), ("email", TEXT), ("born", DATE), ("seen", TIMESTAMP), ("balance", DECIMAL),
    ("tags", (SET, TEXT)), ("settings", (MAP, TEXT, INT)), ("home", (USER, "shop", "address", [("street", TEXT), ("zip", INT)])),
    ("place", (TUPLE, DOUBLE, BOOLEAN)), ("address", INET), ("token", UUID), ("photo", BLOB), ("stays", DURATION),
]


def user(number):
    return [
        struct.pack(">i", number), f"name {number}".encode(), f"user{number}@example.com".encode(),
        struct.pack(">I", 2**31 + 10000 + number), struct.pack(">q", 1700000000123 + number),
        struct.pack(">i", 2) + struct.pack(">h", 1999 + number), many(b"a", b"b's"), struct.pack(">I", 1) + value(b"lines") + value(struct.pack(">i", number)),
        value(b"Main Street") + value(struct.pack(">i", 12345)), value(struct.pack(">d", 0.5)) + value(b"\1"),
        bytes([10, 0, 0, number]), bytes(range(16)), None if number % 2 else b"\xca\xfe", b"\x02\x04\x80\xc8",
    ]


LOCAL = [
    ("key", TEXT), ("cluster_name", TEXT), ("data_center", TEXT), ("rack", TEXT), ("partitioner", TEXT), ("release_version", TEXT),
    ("rpc_address", INET), ("broadcast_address", INET), ("host_id", UUID), ("schema_version", UUID), ("tokens", (SET, TEXT)),
]
ITSELF = [
    b"local", b"Test Cluster", b"dc1", b"r1", b"org.apache.cassandra.dht.Murmur3Partitioner", b"4.1.3", bytes([127, 0, 0, 1]),
    bytes([127, 0, 0, 1]), bytes(range(16)), bytes(range(16)), many(b"0"),
]
KINDS = dict(COLUMNS, password=TEXT)


def bound(statement):
    """The columns that a statement's markers are for."""
    if statement.startswith("INSERT"):
        names = re.search(r"\(([^)]*)\) VALUES", statement).group(1).split(", ")
    else:
        names = re.findall(r"(\w+) [=<>]=? [?:]", statement)
    return [(name, KINDS[name]) for name in names]


class Talk(socketserver.BaseRequestHandler):
    def setup(self):
        self.prepared, self.unpack, self.pack, self.frames, self.keyspace = {}, None, None, None, None
        self.lock = threading.Lock()

    def handle(self):
        waiting = b""
        while True:
            try:
                more = self.request.recv(1 << 16)
            except ConnectionError:
                return
            if not more:
                return
            waiting += more
            waiting = self.framed(waiting) if self.frames else self.bare(waiting)

    def bare(self, waiting):
        while len(waiting) >= 9:
            length = struct.unpack(">I", waiting[5:9])[0]
            if len(waiting) < 9 + length:
                break
            self.envelope(waiting[:9], waiting[9:9 + length])
            waiting = waiting[9 + length:]
            if self.frames:
                return self.framed(waiting)
        return waiting

    def framed(self, waiting):
        """v5, 2.2"""
        whole = io.BytesIO(waiting)
        while True:
            begin = whole.tell()
            rest = waiting[begin:]
            size = self.frames.header_length_with_crc
            if len(rest) < size:
                break
            header = self.frames.decode_header(whole)
            if len(rest) < size + header.payload_length + 4:
                whole.seek(begin)
                break
            self.pieces += self.frames.decode(whole, header).payload
            while len(self.pieces) >= 9 and len(self.pieces) >= 9 + struct.unpack(">I", self.pieces[5:9])[0]:
                end = 9 + struct.unpack(">I", self.pieces[5:9])[0]
                said, self.pieces = self.pieces[:end], self.pieces[end:]
                self.envelope(said[:9], said[9:])
        return waiting[whole.tell():]

    def envelope(self, header, body):
        self.version, flags, self.stream, opcode, _ = struct.unpack(">BBhBI", header)
        if self.version not in VERSIONS:
            self.version = max(VERSIONS)
            return self.answer(error(0x0A, "Invalid or unsupported protocol version; supported are (3/v3, 4/v4, 5/v5)"))
        if flags & 1:
            body = self.unpack(body)
        if flags & 4:
            raise ValueError("a custom payload")
        answer = self.answered(opcode, body)
        # 2.2: the client knows now which version is spoken: frames begin behind this.
        settled = answer[0] in (0x02, 0x03) and opcode == 0x01 and self.version >= 5
        self.answer(answer, flags & 2)
        if settled:
            self.frames = connection.segment_codec_lz4 if self.pack else connection.segment_codec_no_compression
            self.pieces = b""

    def answer(self, answer, traced=0, stream=None):
        opcode, body = answer
        flags = 0
        if traced:
            flags, body = 2, bytes(range(16)) + body
        if self.pack and not self.frames and self.version < 5 and opcode not in (0x02, 0x03, 0x0E, 0x10) and body:
            flags, body = flags | 1, self.pack(body)
        stream = self.stream if stream is None else stream
        said = struct.pack(">BBhBI", 0x80 | self.version, flags, stream, opcode, len(body)) + body
        if self.frames:
            framed = io.BytesIO()
            self.frames.encode(framed, said)
            said = framed.getvalue()
        with self.lock:
            self.request.sendall(said)

    def answered(self, opcode, body):
        if opcode == 0x05:
            offered = {"CQL_VERSION": ["3.4.6"], "COMPRESSION": ["snappy", "lz4"], "PROTOCOL_VERSIONS": ["3/v3", "4/v4", "5/v5"]}
            return 0x06, struct.pack(">H", len(offered)) + b"".join(
                string(name) + struct.pack(">H", len(all)) + b"".join(map(string, all)) for name, all in offered.items())
        if opcode == 0x01:
            if b"lz4" in body:
                # v4, 5: behind its length.
                self.unpack = lambda body: lz4.block.decompress(body[4:], struct.unpack(">I", body[:4])[0])
                self.pack = lambda body: struct.pack(">I", len(body)) + lz4.block.compress(body, store_size=False)
            elif b"snappy" in body:
                self.unpack, self.pack = snappy.decompress, snappy.compress
            if LOGIN:
                return 0x03, string("org.apache.cassandra.auth.PasswordAuthenticator")
            return 0x02, b""
        if opcode == 0x0F:
            if body[4:] == PASSWORD:
                return 0x10, value(None)
            return error(0x100, "Provided username ada and/or password are incorrect")
        if opcode == 0x0B:
            return 0x02, b""
        if opcode == 0x07:
            length = struct.unpack(">I", body[:4])[0]
            return self.run(body[4:4 + length].decode(), body[4 + length:])
        if opcode == 0x09:
            length = struct.unpack(">I", body[:4])[0]
            return self.prepare(body[4:4 + length].decode())
        if opcode == 0x0A:
            length = struct.unpack(">H", body[:2])[0]
            statement = self.prepared.get(body[2:2 + length])
            rest = body[2 + length:]
            if self.version >= 5:
                rest = rest[2 + struct.unpack(">H", rest[:2])[0]:]
            if statement is None:
                return error(0x2500, "Prepared query with ID is unknown", body[:2 + length])
            return self.run(statement, rest)
        if opcode == 0x0D:
            print("ran a batch", flush=True)
            return 0x08, struct.pack(">I", 1)
        raise ValueError(f"opcode {opcode}")

    def prepare(self, statement):
        """4.2.5.4"""
        id = hashlib.md5(statement.encode()).digest()
        self.prepared[id] = statement
        columns = bound(statement)
        said = struct.pack(">IH", 4, len(id)) + id
        if self.version >= 5:
            said += string("0123456789abcdef")
        # The same as <metadata>, with which of them make up the key, from version 4 on.
        keys = struct.pack(">I", 0) if self.version >= 4 else b""
        binds = struct.pack(">II", 1, len(columns)) + keys
        if columns:
            binds += string("shop") + string("users") + b"".join(string(name) + option(kind) for name, kind in columns)
        else:
            binds = struct.pack(">II", 0, 0) + keys
        selected = self.selected(statement)
        return 0x08, said + binds + (metadata(selected) if selected else struct.pack(">II", 4, 0))

    @staticmethod
    def selected(statement):
        found = re.match(r"SELECT ([a-z, ]+|\*) FROM users", statement)
        if not found:
            return None
        return COLUMNS if found[1] == "*" else [(name, dict(COLUMNS)[name]) for name in found[1].split(", ")]

    def run(self, statement, parameters):
        print(f"ran {statement}", flush=True)
        flags = struct.unpack(">I", parameters[2:6])[0] if self.version >= 5 else parameters[2]
        if "FROM system.local" in statement:
            wanted = re.match(r"SELECT (.*) FROM", statement)[1]
            picked = [at for at, (name, _) in enumerate(LOCAL) if wanted == "*" or name in wanted.split(", ")]
            return 0x08, rows([LOCAL[at] for at in picked], [[ITSELF[at] for at in picked]], table=("system", "local"))
        if "FROM system.peers_v2" in statement:
            return error(0x2200, "unconfigured table peers_v2")
        if "FROM system.peers" in statement:
            return 0x08, rows([("peer", INET), ("rpc_address", INET)], [], table=("system", "peers"))
        if statement.startswith("USE"):
            return 0x08, struct.pack(">I", 3) + string(statement.split()[1].strip('";'))
        if statement.startswith(("CREATE TABLE", "DROP TABLE")):
            how = "CREATED" if statement.startswith("CREATE") else "DROPPED"
            change = string(how) + string("TABLE") + string("shop") + string("users")
            with EVERYBODY:
                for other in CONNECTIONS:
                    if other.registered:
                        other.answer((0x0C, string("SCHEMA_CHANGE") + change), stream=-1)
            return 0x08, struct.pack(">I", 5) + change
        if statement.startswith("CREATE ROLE"):
            return 0x08, struct.pack(">I", 1)
        if "FROM nowhere" in statement:
            return error(0x2200, "table nowhere does not exist")
        if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            return error(0x2000, "line 1:0 no viable alternative at input")
        if statement.startswith("INSERT") and "fail" in statement:
            # 8: WRITE_TIMEOUT says how many had answered.
            return error(0x1100, "Operation timed out", struct.pack(">HII", 1, 0, 1) + string("SIMPLE"))
        columns = self.selected(statement)
        if columns is None:
            if "FROM users" in statement and statement.startswith("SELECT count"):
                return 0x08, rows([("count", BIGINT)], [[struct.pack(">q", 12)]])
            if "FROM notes" in statement:
                return 0x08, rows([("value", TEXT)], [[b"0123456789abcde\n" * 20000]], table=("shop", "notes"))
            return 0x08, struct.pack(">I", 1)
        places = [[name for name, _ in COLUMNS].index(name) for name, _ in columns]
        all = 1 if "WHERE id" in statement else 12
        # The pages are of five rows, and their state is the number of the first that is left.
        begin = self.place(parameters, flags)
        end = min(begin + 5, all) if flags & 4 else all
        cells = [[user(number)[place] for place in places] for number in range(begin, end)]
        paging = str(end).encode() if end < all else None
        return 0x08, rows(columns, cells, paging=paging, known=bool(flags & 2))

    def place(self, parameters, flags):
        """4.1.4: <query_parameters>: the state of paging stands behind the values and the size of a page."""
        at = 6 if self.version >= 5 else 3
        if flags & 1:
            count = struct.unpack(">H", parameters[at:at + 2])[0]
            at += 2
            for _ in range(count):
                length = struct.unpack(">i", parameters[at:at + 4])[0]
                at += 4 + max(length, 0)
        if flags & 4:
            at += 4
        if not flags & 8:
            return 0
        length = struct.unpack(">i", parameters[at:at + 4])[0]
        return int(parameters[at + 4:at + 4 + length])

    registered = False


EVERYBODY, CONNECTIONS = threading.Lock(), set()


class Registered(Talk):
    def setup(self):
        super().setup()
        with EVERYBODY:
            CONNECTIONS.add(self)

    def finish(self):
        with EVERYBODY:
            CONNECTIONS.discard(self)

    def answered(self, opcode, body):
        answer = super().answered(opcode, body)
        if opcode == 0x0B:
            self.registered = True
        return answer


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        return (CONTEXT.wrap_socket(connection, server_side=True) if CONTEXT else connection), address


CONTEXT = None
if "--tls" in sys.argv:
    at = sys.argv.index("--tls")
    CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CONTEXT.load_cert_chain(sys.argv[at + 1], sys.argv[at + 2])
with Server(("127.0.0.1", int(sys.argv[1])), Registered) as server:
    print("listening", flush=True)
    server.serve_forever()
