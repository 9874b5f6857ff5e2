import os
from ldap3 import ASYNC, Connection, NONE, Server
base = "ou=people,dc=example,dc=test"
server = Server("127.0.0.1", int(os.environ["PORT"]), get_info=NONE)
c = Connection(server, "cn=admin,dc=example,dc=test", "hunter2", client_strategy=ASYNC, check_names=False)
c.bind()
asked = [c.search(base, "(uid=%s)" % name, attributes=["sn"]) for name in ("ada", "grace", "nobody", "ada")]
found = [len(c.get_response(number)[0]) for number in asked]
assert found == [1, 1, 0, 1], found
c.abandon(c.search(base, "(cn=*)"))
c.unbind()
