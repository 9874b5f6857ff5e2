import base64, os, socket
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
f = s.makefile("rb")
def reply():
    line = f.readline()
    while line[3:4] == b"-":
        line = f.readline()
    return line[:3]
def ask(said, code):
    s.sendall(said + b"\r\n")
    got = reply()
    assert got == code, (said, got)
def b64(said):
    return base64.b64encode(said)
assert reply() == b"220"
ask(b"EHLO client.example.test", b"250")
ask(b"AUTH PLAIN", b"334")
ask(b64(b"\0ada\0hunter2"), b"535")
ask(b"AUTH LOGIN", b"334")
ask(b"*", b"501")
ask(b"AUTH LOGIN " + b64(b"ada"), b"334")
ask(b64(b"hunter2"), b"535")
ask(b"AUTH XOAUTH2 " + b64(b"user=ada\x01auth=Bearer k-123\x01\x01"), b"235")
ask(b"MAIL FROM:<ada@example.test>", b"250")
ask(b"QUIT", b"221")
