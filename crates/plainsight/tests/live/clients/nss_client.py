"""A call over NSS, whose answer is looked at before it is taken: prints itself as a line of JSON."""
import ctypes
import json
import os
import struct
import sys

nspr = ctypes.CDLL("libnspr4.so")
nss = ctypes.CDLL("libnss3.so")
ssl = ctypes.CDLL("libssl3.so")
PEEK = 2
WAIT = ctypes.c_uint32(0xFFFFFFFF)
for function in (nspr.PR_OpenTCPSocket, ssl.SSL_ImportFD):
    function.restype = ctypes.c_void_p
TRUSTING = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
trusting = TRUSTING(lambda *_: 0)


def check(result):
    assert result == 0, nspr.PR_GetError()


check(nss.NSS_NoDB_Init(None))
below = ctypes.c_void_p(nspr.PR_OpenTCPSocket(2))
fd = nspr.PR_FileDesc2NativeHandle(below)
above = ctypes.c_void_p(ssl.SSL_ImportFD(None, below))
check(ssl.SSL_AuthCertificateHook(above, trusting, None))
check(ssl.SSL_SetURL(above, b"localhost"))
address = struct.pack("=HHI8x", 2, int(sys.argv[1]).to_bytes(2, "big")[0] | int(sys.argv[1]) % 256 << 8, 0x0100007F)
room = ctypes.create_string_buffer(address, 128)
check(nspr.PR_Connect(above, room, WAIT))
asked = b"GET /nss HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
assert nspr.PR_Write(above, asked, len(asked)) == len(asked)
room = ctypes.create_string_buffer(4096)
looked = nspr.PR_Recv(above, room, 20, PEEK, WAIT)
assert looked == 20 and room.raw.startswith(b"HTTP/1.1 "), looked
status = int(room.raw[9:12])
taken = 0
while (more := nspr.PR_Recv(above, room, 100 + taken, 0, WAIT)) > 0:
    taken += more
print(json.dumps({"pid": os.getpid(), "fd": fd, "status": status}))
