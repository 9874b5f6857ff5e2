import os
import socket

wire = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
heard = wire.makefile("rb")


def hear():
    frame = b""
    while not frame.endswith(b"\0"):
        frame = (frame + heard.read(1)).lstrip(b"\r\n")
    return frame


wire.sendall(b"CONNECT\naccept-version:1.2\nhost:/\nlogin:ada\npasscode:tulip-cleartext\n\n\0")
hear()
wire.sendall(b"SUBSCRIBE\nid:1\ndestination:/topic/long\nreceipt:l-1\n\n\0")
hear()
wire.sendall(b"SEND\ndestination:/topic/long\nreceipt:l-2\ncontent-length:64000\n\n" + 4000 * b"0123456789abcde\n" + b"\0")
hear(), hear()
wire.sendall(b"SEND\ndestination:/topic/long\nreceipt:l-3\n\n" + 4000 * b"0123456789abcdef" + b"\0")
hear(), hear()
wire.sendall(b"DISCONNECT\nreceipt:l-4\n\n\0")
hear()
