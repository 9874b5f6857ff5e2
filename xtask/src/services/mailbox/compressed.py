import os, socket, zlib
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
f = s.makefile("rb")
def until(begin):
    line = f.readline()
    while not line.startswith(begin):
        assert line, begin
        line = f.readline()
until(b"* OK")
s.sendall(b"a1 LOGIN ada tulip-cleartext\r\n")
until(b"a1 OK")
s.sendall(b"a2 COMPRESS DEFLATE\r\n")
until(b"a2 OK")
pack, unpack = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
s.sendall(pack.compress(b"a3 LOGOUT\r\n") + pack.flush(zlib.Z_SYNC_FLUSH))
said = b""
while b"a3 OK" not in said:
    said += unpack.decompress(s.recv(4096))
