"""Stands before a server that does not compress, and compresses for it: `compressing.py PORT SERVER_PORT COMPRESSOR`.

Greetings stay as they are but for the compressor, which it takes from the client's offer.
"""
import socket
import struct
import sys
import threading
import zlib

import bson
import snappy
import zstandard

port, server_port, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
NUMBER = ["noop", "snappy", "zlib", "zstd"].index(name)
PACK = [bytes, snappy.compress, zlib.compress, zstandard.ZstdCompressor().compress]
UNPACK = [bytes, snappy.decompress, zlib.decompress, zstandard.ZstdDecompressor().decompress]


def read(stream):
    head = stream.recv(16, socket.MSG_WAITALL)
    if len(head) < 16:
        return None
    length, number, answers, code = struct.unpack("<iiii", head)
    return number, answers, code, stream.recv(length - 16, socket.MSG_WAITALL)


def write(stream, number, answers, code, body):
    stream.sendall(struct.pack("<iiii", len(body) + 16, number, answers, code) + body)


def asked(client, server, compressed):
    while message := read(client):
        number, answers, code, body = message
        if code == 2012:
            code, _, way = struct.unpack("<iiB", body[:9])
            body = UNPACK[way](body[9:])
            compressed.add(number)
        write(server, number, answers, code, body)
    server.shutdown(socket.SHUT_WR)


def answered(client, server, compressed):
    while message := read(server):
        number, answers, code, body = message
        if answers in compressed:
            body = struct.pack("<iiB", code, len(body), NUMBER) + PACK[NUMBER](body)
            code = 2012
        else:
            begin = 20 if code == 1 else 5
            greeting = bson.decode(body[begin:])
            if "maxWireVersion" in greeting:
                body = body[:begin] + bson.encode(greeting | {"compression": [name]})
        write(client, number, answers, code, body)
    client.shutdown(socket.SHUT_WR)


listener = socket.create_server(("127.0.0.1", port))
print("listening", flush=True)
while True:
    near, _ = listener.accept()
    far = socket.create_connection(("127.0.0.1", server_port))
    known = set()
    for way in (asked, answered):
        threading.Thread(target=way, args=(near, far, known), daemon=True).start()
