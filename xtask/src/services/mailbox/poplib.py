import os, poplib
c = poplib.POP3("127.0.0.1", int(os.environ["PORT"]))
c.capa()
c.user("ada")
c.pass_("tulip-cleartext")
assert c.stat()[0] == 2
c.list()
c.list(1)
c.uidl()
c.top(1, 0)
assert b".dots" in c.retr(2)[1]
try:
    c.retr(9)
    raise SystemExit("there is no ninth")
except poplib.error_proto:
    pass
c.dele(2)
c.rset()
c.noop()
c.quit()
