import base64, os, socket
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 10)
f = s.makefile("rb")
def until(*begins):
    for begin in begins:
        line = f.readline()
        while not line.startswith(begin):
            assert line, begin
            line = f.readline()
def ask(said, *begins):
    s.sendall(said)
    until(*begins)
until(b"* OK")
ask(b"a1 ID (\"name\" \"test \\\"client\\\"\" \"version\" \"1\")\r\n", b"a1 OK")
ask(b"a2 AUTHENTICATE PLAIN\r\n", b"+")
ask(base64.b64encode(b"\0ada\0hunter2") + b"\r\n", b"a2 NO")
ask(b"a3 LOGIN {3}\r\n", b"+")
ask(b"ada {15}\r\n", b"+")
ask(b"tulip-cleartext\r\n", b"a3 OK")
ask(b"a4 SELECT {5+}\r\nINBOX\r\na5 NOOP\r\na6 UID SEARCH ALL\r\n", b"a4 OK", b"a5 OK", b"a6 OK")
ask(b"a7 IDLE\r\n", b"+")
ask(b"DONE\r\n", b"a7 OK")
message = b"Subject: a literal\r\n\r\na8 LOGOUT\r\n"
ask(b"a8 APPEND INBOX {%d+}\r\n%s\r\n" % (len(message), message), b"a8 OK")
ask(b"a9 FETCH 3 (BODY[])\r\n", b"a9 OK")
ask(b"b1 NOOP\r\n", b"b1 OK")
ask(b"b3 LOGOUT\r\n", b"b3 OK")
