import os, smtplib
from email.message import EmailMessage
s = smtplib.SMTP("127.0.0.1", int(os.environ["PORT"]), local_hostname="client.example.test")
m = EmailMessage()
m["From"], m["To"] = "Grace <grace@example.test>", "ada@example.test, Bj\u00f6rn <bjoern@example.test>"
m["Subject"] = "Gr\u00fc\u00dfe, and a subject that is so long that it goes on in a second line of the message"
m.set_content("a line\n.a dot\n..two\n.\nend\n")
refused = s.send_message(m, to_addrs=["ada@example.test", "nobody@example.test", "a@elsewhere.test"])
assert sorted(refused) == ["a@elsewhere.test", "nobody@example.test"], refused
m = EmailMessage()
m["Subject"] = "second"
m.set_content("hello")
s.send_message(m, "", ["grace@example.test"])
s.mail("grace@example.test", ["SIZE=20001"])
s.mail("grace@example.test")
s.rcpt("nobody@example.test")
assert s.docmd("DATA")[0] == 503
s.rset()
s.verify("ada@example.test")
s.help()
s.mail("grace@example.test", ["SMTPUTF8", "BODY=8BITMIME"])
s.command_encoding = "utf-8"
s.rcpt("bj\u00f6rn@example.test")
s.data("Subject: caf\u00e9\r\n\r\n\u00fc\r\n".encode())
s.ehlo("client2.example.test")
s.noop()
s.quit()
