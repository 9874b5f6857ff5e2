"""Reads a mailbox by IMAP and prints what it asked and got: `PORT WAY`."""
import imaplib
import json
import ssl
import sys

port, way = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
said = []


def ask(operation, answer, rows=None):
    said.append({"operation": operation, "ok": answer[0] in ("OK", "BYE"), "rows": rows})
    return answer[1]


server = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context) if way == "tls" else imaplib.IMAP4("127.0.0.1", port)
# It asks by itself what the server can do.
said.append({"operation": "CAPABILITY", "ok": True, "rows": None})
if way == "starttls":
    said.append({"operation": "STARTTLS", "ok": True, "rows": None})
    server.starttls(context)
    said.append({"operation": "CAPABILITY", "ok": True, "rows": None})
try:
    server.login("ada", "hunter2")
except imaplib.IMAP4.error:
    said.append({"operation": "LOGIN", "ok": False, "rows": None})
ask("LOGIN", server.login("ada", "tulip-cleartext"))
count = int(ask("SELECT", server.select("INBOX"), 3)[0])
ask("SEARCH", server.search(None, "SUBJECT", '"message"'), count)
for number in range(1, count + 1):
    ask("FETCH", server.fetch(str(number), "(FLAGS RFC822)"), 1)
ask("UID FETCH", server.uid("FETCH", "1:*", "(FLAGS BODY[HEADER.FIELDS (SUBJECT)])"), count)
ask("EXAMINE", server.select("Nowhere", readonly=True))
ask("CREATE", server.create("Attic"))
ask("APPEND", server.append("Attic", None, None, b"Subject: kept\r\n\r\nhello\r\n"))
ask("LOGOUT", server.logout())
for line in said:
    print(json.dumps(line))
