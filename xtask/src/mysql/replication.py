import socket
import struct
import sys

wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream = wire.makefile("rb")


def packet():
    head = stream.read(4)
    return stream.read(int.from_bytes(head[:3], "little"))


def send(body, sequence=0):
    wire.sendall(len(body).to_bytes(3, "little") + bytes([sequence]) + body)


packet()
send(struct.pack("<IIB23x", 1 << 9 | 1 << 15 | 1 << 19, 1 << 24, 33) + b"app\0\0mysql_native_password\0", 1)
while packet()[0] != 0:
    pass
send(b"\x03SET @master_binlog_checksum = 'NONE'")
packet()
# COM_REGISTER_SLAVE: a number, a host, a user, a password, a port, a rank, a master
send(b"\x15" + struct.pack("<I", 7) + b"\x07replica\x04repl\x0ftulip-cleartext" + struct.pack("<HII", 3306, 0, 0))
packet()
# COM_BINLOG_DUMP: a position, that the end is told, a number, a file
send(b"\x12" + struct.pack("<IHI", 4, 1, 7) + b"log.000001")
while packet()[0] != 0xfe:
    pass
