# Asks PHP's server what it can, in records by hand, and then for a program that is not there.
import os, socket, struct
wire = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
stream = wire.makefile("rb")
def record(kind, number, content=b""):
    return struct.pack("!BBHHBB", 1, kind, number, len(content), 0, 0) + content
def heard():
    _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", stream.read(8))
    stream.read(length + padding)
    return kind
def pairs(**named):
    return b"".join(bytes([len(n), len(v)]) + n.encode() + v.encode() for n, v in named.items())
wire.sendall(record(9, 0, pairs(FCGI_MAX_CONNS="", FCGI_MPXS_CONNS="")))
assert heard() == 10
asked = pairs(REQUEST_METHOD="GET", SCRIPT_FILENAME="/nowhere.php", SCRIPT_NAME="/nowhere.php", QUERY_STRING="token=hunter2")
wire.sendall(record(1, 7, struct.pack("!HB5x", 1, 0)) + record(4, 7, asked) + record(4, 7) + record(5, 7))
while heard() != 3:
    pass
wire.close()
