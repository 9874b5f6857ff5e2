"""Searches a directory on some connections at once: `PORT WAY CONNECTIONS ROUNDS`."""
import ssl
import sys
import threading

from ldap3 import NONE, Connection, Server, Tls

port, way, connections, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
base = "ou=people,dc=example,dc=test"


def search(number):
    server = Server("127.0.0.1", port, use_ssl=way == "ldaps", tls=Tls(validate=ssl.CERT_NONE), get_info=NONE)
    connection = Connection(server, "cn=admin,dc=example,dc=test", "tulip-cleartext")
    if way == "starttls":
        connection.start_tls()
    assert connection.bind()
    for turn in range(rounds):
        person = number * rounds + turn
        assert connection.search(base, f"(uid=p{person})", attributes=["cn", "mail", "userPassword"])
        assert connection.entries[0].mail.value == f"p{person}@example.test"
        assert connection.compare(f"uid=p{person},{base}", "sn", "Person")
        assert connection.modify(f"uid=p{person},{base}", {"description": [("MODIFY_REPLACE", [f"turn {turn}"])]})
    connection.unbind()


threads = [threading.Thread(target=search, args=(number,)) for number in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
