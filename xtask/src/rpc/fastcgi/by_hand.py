# Records by hand: values, two requests at a time whose pieces come in between, one that is given up, a role nobody has.
import os, socket, struct
def pairs(**named):
    out = b""
    for name, value in named.items():
        for text in (name, value):
            out += bytes([len(text)]) if len(text) < 128 else struct.pack("!I", len(text) | 0x80000000)
        out += name.encode() + value.encode()
    return out
def record(kind, number, content=b"", padding=0):
    return struct.pack("!BBHHBB", 1, kind, number, len(content), padding, 0) + content + b"\0" * padding
def begin(number, role=1):
    return record(1, number, struct.pack("!HB5x", role, 1))
def params(number, path, method="GET", **more):
    content = pairs(REQUEST_METHOD=method, SCRIPT_NAME="", PATH_INFO=path, SERVER_NAME="shop", SERVER_PORT="80",
                    SERVER_PROTOCOL="HTTP/1.1", QUERY_STRING="token=hunter2", **more)
    return record(4, number, content[:40], 3) + record(4, number, content[40:]) + record(4, number)
wire = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
stream = wire.makefile("rb")
def ended(wanted):
    wanted = set(wanted)
    while wanted:
        version, kind, number, length, padding, _ = struct.unpack("!BBHHBB", stream.read(8))
        stream.read(length + padding)
        if kind in (3, 10, 11):
            wanted.discard(number)
wire.sendall(record(9, 0, pairs(FCGI_MAX_CONNS="", FCGI_MAX_REQS="", FCGI_MPXS_CONNS="")))
ended([0])
wire.sendall(begin(1) + begin(2))
wire.sendall(params(1, "/both/one", "POST", CONTENT_LENGTH="12", CONTENT_TYPE="text/plain"))
wire.sendall(params(2, "/both/two"))
wire.sendall(record(5, 1, b"hello ") + record(5, 2) + record(5, 1, b"there\n") + record(5, 1))
ended([1, 2])
wire.sendall(begin(3) + params(3, "/given/up", "POST", CONTENT_LENGTH="64") + record(5, 3, b"half", 4) + record(2, 3))
ended([3])
wire.sendall(begin(4, 2) + params(4, "/may/i") + record(5, 4))
ended([4])
wire.sendall(begin(5) + params(5, "/fails") + record(5, 5))
ended([5])
wire.close()
