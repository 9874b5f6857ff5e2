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
for number in (b"1", b"2"):
    ask(b"MAIL FROM:<grace@example.test>\r\nRCPT TO:<ada@example.test>\r\nRCPT TO:<nobody@example.test>\r\nDATA\r\n",
        b"250", b"250", b"550", b"354")
    ask(b"Subject: message " + number + b"\r\n\r\nhello\r\n.\r\nRSET\r\n", b"250", b"250")
ask(b"MAIL FROM:<grace@example.test>\r\nRCPT TO:<nobody@example.test>\r\nDATA\r\n", b"250", b"550", b"554")
ask(b"RSET\r\nNONSENSE tulip-cleartext\r\nNOOP\r\nQUIT\r\n", b"250", b"500", b"250", b"221")
