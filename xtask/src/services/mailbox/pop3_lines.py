import base64, os, socket
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
f = s.makefile("rb")
def reply(is_long=False):
    line = f.readline()
    while is_long and f.readline() != b".\r\n":
        pass
    return line[:3]
def ask(said, wanted, is_long=False):
    s.sendall(said)
    got = reply(is_long)
    assert got == wanted, (said, got)
assert reply() == b"+OK"
ask(b"AUTH PLAIN\r\n", b"+ \r")
ask(base64.b64encode(b"\0ada\0hunter2") + b"\r\n", b"-ER")
ask(b"APOP ada 0123456789abcdef0123456789abcdef\r\n", b"-ER")
ask(b"AUTH PLAIN " + base64.b64encode(b"\0ada\0tulip-cleartext") + b"\r\n", b"+OK")
s.sendall(b"STAT\r\nLIST\r\nRETR 1\r\nNONSENSE tulip-cleartext\r\nUIDL 1\r\n")
assert [reply(), reply(True), reply(True), reply(), reply()] == [b"+OK", b"+OK", b"+OK", b"-ER", b"+OK"]
ask(b"QUIT\r\n", b"+OK")
