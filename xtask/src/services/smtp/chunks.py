import os, socket
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
f = s.makefile("rb")
def reply():
    line = f.readline()
    while line[3:4] == b"-":
        line = f.readline()
    return line[:3]
def ask(said, *codes):
    s.sendall(said)
    got = [reply() for _ in codes]
    assert got == list(codes), got
assert reply() == b"220"
ask(b"EHLO client.example.test\r\n", b"250")
ask(b"MAIL FROM:<grace@example.test> BODY=BINARYMIME\r\n", b"555")
ask(b"MAIL FROM:<grace@example.test>\r\n", b"250")
ask(b"RCPT TO:<ada@example.test>\r\n", b"250")
first, second = b"From: grace@example.test\r\nSubject: in chunks\r\n\r\n", b"QUIT\r\n.\r\nend\r\n"
ask(b"BDAT %d\r\n%s" % (len(first), first), b"250")
ask(b"BDAT %d LAST\r\n%s" % (len(second), second), b"250")
ask(b"MAIL FROM:<grace@example.test>\r\nRCPT TO:<ada@example.test>\r\nBDAT %d\r\n%sBDAT 0 LAST\r\n" % (len(first), first),
    b"250", b"250", b"250", b"250")
ask(b"BDAT -1 LAST\r\n", b"521")


