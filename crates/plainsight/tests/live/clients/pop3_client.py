"""Reads a mailbox by POP3 and prints what it asked and got: `PORT WAY`."""
import json
import poplib
import ssl
import sys

port, way = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
said = []


def ask(operation, ask, *arguments, rows=None):
    ok = True
    try:
        answer = ask(*arguments)
    except poplib.error_proto:
        ok, answer = False, None
    said.append({"operation": operation, "ok": ok, "rows": rows})
    return answer


server = poplib.POP3_SSL("127.0.0.1", port, context=context) if way == "tls" else poplib.POP3("127.0.0.1", port)
if way == "starttls":
    # It asks by itself what the server can do.
    said.append({"operation": "CAPA", "ok": True, "rows": len(server.capa())})
    said.append(said[0])
    ask("STLS", server.stls, context)
ask("USER", server.user, "ada")
ask("PASS", server.pass_, "hunter2")
ask("USER", server.user, "ada")
ask("PASS", server.pass_, "tulip-cleartext")
count, _ = ask("STAT", server.stat, rows=3)
ask("LIST", server.list, rows=count)
ask("LIST", server.list, 1, rows=1)
for number in range(1, count + 1):
    ask("RETR", server.retr, number)
ask("RETR", server.retr, count + 1)
ask("UIDL", server.uidl, rows=count)
ask("QUIT", server.quit)
for line in said:
    print(json.dumps(line))
