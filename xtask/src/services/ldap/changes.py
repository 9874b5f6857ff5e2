import os
from ldap3 import ALL_ATTRIBUTES, Connection, MODIFY_ADD, MODIFY_DELETE, MODIFY_INCREMENT, MODIFY_REPLACE, NONE, Server
base = "ou=people,dc=example,dc=test"
new = "uid=edsger," + base
server = Server("127.0.0.1", int(os.environ["PORT"]), get_info=NONE)
c = Connection(server, "cn=admin,dc=example,dc=test", "hunter2", check_names=False, auto_referrals=False)
assert c.bind()
person = {"cn": "Edsger", "sn": "Dijkstra", "mail": "edsger@example.test", "userPassword": "tulip-cleartext"}
assert c.add(new, ["inetOrgPerson"], person)
assert not c.add(new, ["inetOrgPerson"], person)
change = {"mail": [(MODIFY_REPLACE, ["e@example.test", "d@example.test"])], "userPassword": [(MODIFY_REPLACE, ["hunter2"])]}
assert c.modify(new, change)
assert c.modify(new, {"mail": [(MODIFY_DELETE, ["d@example.test"])], "description": [(MODIFY_ADD, ["caf\u00e9"])]})
assert not c.modify(new, {"nothing": [(MODIFY_DELETE, [])]})
assert c.compare(new, "mail", "e@example.test")
assert not c.compare(new, "mail", "nobody@example.test")
assert not c.compare(new, "userPassword", "tulip-cleartext")
assert c.search(base, "(objectClass=inetOrgPerson)", attributes=ALL_ATTRIBUTES, size_limit=10, time_limit=5)
assert c.search("dc=example,dc=test", "(userPassword=hunter2)", attributes=["cn"])
assert not c.search("ou=nowhere,dc=example,dc=test", "(cn=*)")
assert not c.search("dc=elsewhere", "(cn=a\\2a*\\28)")
assert c.modify_dn(new, "uid=ewd", new_superior="dc=example,dc=test")
assert c.modify_dn("uid=ewd,dc=example,dc=test", "cn=EWD", delete_old_dn=False)
assert c.delete("cn=EWD,dc=example,dc=test")
assert not c.delete("cn=EWD,dc=example,dc=test")
assert c.extend.standard.who_am_i() == "dn:cn=admin,dc=example,dc=test"
assert not c.rebind("uid=ada," + base, "tulip-cleartext-wrong")
assert c.search("", "(objectClass=*)", "BASE", attributes=["namingContexts"])
c.unbind()
