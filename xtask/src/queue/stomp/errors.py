import os
import socket

# After an error the server hangs up.
for frame in [b"SEND\nreceipt:e-1\n\nno destination\0", b"SUBSCRIBE\nid:1\ndestination:/nowhere/at/all\nreceipt:e-1\n\n\0",
              b"ACK\nid:nobody's\nreceipt:e-1\n\n\0"]:
    wire = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
    heard = wire.makefile("rb")
    wire.sendall(b"CONNECT\naccept-version:1.2\nhost:/\nlogin:ada\npasscode:tulip-cleartext\n\n\0")
    while heard.read(1) != b"\0":
        pass
    wire.sendall(frame)
    while heard.read(1) not in (b"\0", b""):
        pass
    wire.close()
