import os
import socket
import struct

with socket.create_connection((os.environ["PGHOST"], int(os.environ["PGPORT"]))) as wire:
    wire.sendall(struct.pack("!II", 8, 80877104))
    assert wire.recv(1) == b"G"
