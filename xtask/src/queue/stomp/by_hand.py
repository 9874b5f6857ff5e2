import os
import socket

wire = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
heard = wire.makefile("rb")


def say(frame):
    wire.sendall(frame)


def hear():
    """The next frame, without what stands between frames; only its end is looked for."""
    frame = b""
    while not frame.endswith(b"\0"):
        byte = heard.read(1)
        if not byte:
            return frame
        frame = (frame + byte).lstrip(b"\r\n")
    return frame


say(b"STOMP\r\naccept-version:1.1,1.2\r\nhost:/\r\nlogin:ada\r\npasscode:tulip-cleartext\r\nheart-beat:0,1000\r\n\r\n\0\n")
hear()
say(b"SUBSCRIBE\nid:a\\cb\ndestination:/topic/caf\xc3\xa9\\cnew\nreceipt:s\\c1\n\n\0")
hear()
# A body that says its length may hold a NUL, one that does not ends there.
say(b"SEND\ndestination:/topic/caf\xc3\xa9\\cnew\ncontent-length:3\nx-note:two\\nlines \n\na\0b\0")
hear(), heard.read(1)
say(b"\n\nSEND\ndestination:/topic/caf\xc3\xa9\\cnew\nreceipt:s-2\nreceipt:never\n\nto the NUL\0\n\n")
hear(), hear()
# A sign of life that the server owes.
assert heard.read(1) == b"\n"
say(b"UNSUBSCRIBE\nid:a\\cb\nreceipt:s-3\n\n\0DISCONNECT\nreceipt:s-4\n\n\0")
hear(), hear()
