# What drivers of Debian and Python do not say: cursors, executions of many rows, what is run before its number is known.
import socket
import struct
import sys

PLUGIN_AUTH, PROTOCOL_41, SECURE, WITH_DB = 1 << 19, 1 << 9, 1 << 15, 1 << 3
MULTI = 1 << 16 | 1 << 17 | 1 << 18
BULK, CACHE = 1 << 2, 1 << 4

wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream = wire.makefile("rb")


def packet():
    head = stream.read(4)
    return stream.read(int.from_bytes(head[:3], "little"))


def send(body, sequence=0):
    wire.sendall(len(body).to_bytes(3, "little") + bytes([sequence]) + body)


def ends(body):
    return body[0] in (0xff, 0x00) or body[0] == 0xfe and len(body) < 9


def result():
    first = packet()
    if ends(first):
        return
    if first[-1:] != b"\x00" or len(first) == 1:
        while packet()[0] != 0xfe:
            pass
    else:
        packet()
    while packet()[0] not in (0xfe, 0xff):
        pass


def prepare(sql):
    send(b"\x16" + sql)
    return prepared()


def prepared():
    first = packet()
    number, columns, parameters = struct.unpack_from("<IHH", first, 1)
    for count in (parameters, columns):
        for _ in range(count + (count > 0)):
            packet()
    return number


packet()
flags = PLUGIN_AUTH | PROTOCOL_41 | SECURE | WITH_DB | MULTI
send(struct.pack("<IIB19xI", flags, 1 << 24, 33, BULK | CACHE) + b"app\0\0shop\0mysql_native_password\0", 1)
while packet()[0] != 0:
    pass

# COM_FIELD_LIST
send(b"\x04users\0")
while packet()[0] != 0xfe:
    pass
# COM_SET_OPTION: several statements at once, and no longer
for option in (0, 1):
    send(b"\x1b" + struct.pack("<H", option))
    packet()
# COM_PROCESS_INFO
send(b"\x0a")
result()
# A cursor: its rows in three pieces, then none
number = prepare(b"SELECT id, name FROM users ORDER BY id")
send(b"\x17" + struct.pack("<IBI", number, 1, 1))
while packet()[0] != 0xfe:
    pass
for rows in (1, 5):
    send(b"\x1c" + struct.pack("<II", number, rows))
    while packet()[0] != 0xfe:
        pass
# COM_STMT_RESET, and the same rows without a cursor, whose columns the client knows: the second time none is described
send(b"\x1a" + struct.pack("<I", number))
packet()
for _ in range(2):
    send(b"\x17" + struct.pack("<IBI", number, 0, 1))
    result()
# COM_STMT_CLOSE, without an answer
send(b"\x19" + struct.pack("<I", number))
# Every kind of value in the binary form
number = prepare(b"SELECT * FROM kinds")
send(b"\x17" + struct.pack("<IBI", number, 0, 1))
result()
# COM_STMT_BULK_EXECUTE
number = prepare(b"INSERT INTO bulk VALUES (?, ?)")
rows = b"\x00\x07\x00\x00\x00\x00\x03one" + b"\x00\x08\x00\x00\x00\x01" + b"\x00\x09\x00\x00\x00\x00\x05three"
send(b"\xfa" + struct.pack("<IH", number, 128) + b"\x03\x00\xfd\x00" + rows)
packet()
# Prepared and run before the answer to the first came
sql = b"DELETE FROM bulk WHERE id > ? AND note <> ?"
run = b"\x17" + struct.pack("<IBI", 0xffffffff, 0, 1) + b"\x00\x01\x03\x00\xfd\x00" + b"\x05\x00\x00\x00\x04none"
both = b"\x16" + sql
wire.sendall(len(both).to_bytes(3, "little") + b"\0" + both + len(run).to_bytes(3, "little") + b"\0" + run)
prepared()
packet()
# A statement that nobody prepared
send(b"\x17" + struct.pack("<IBI", 77, 0, 1) + b"\x00\x01\x03\x00" + b"\x05\x00\x00\x00")
packet()
# COM_QUIT
send(b"\x01")
