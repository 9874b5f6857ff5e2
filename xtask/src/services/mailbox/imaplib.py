import imaplib, os
c = imaplib.IMAP4("127.0.0.1", int(os.environ["PORT"]))
def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]
ok(c.login_cram_md5("ada", "tulip-cleartext"))
ok(c.list())
ok(c.create("Attic"))
assert ok(c.select("INBOX")) == [b"2"]
assert ok(c.search(None, "FROM", "\"grace\"")) == [b"1"]
ok(c.fetch("1:2", "(FLAGS BODY[HEADER.FIELDS (SUBJECT)] BODY[TEXT])"))
ok(c.uid("FETCH", "1:*", "(UID FLAGS)"))
ok(c.store("1", "+FLAGS", "\\Deleted"))
ok(c.copy("2", "Attic"))
ok(c.expunge())
ok(c.append("Attic", "\\Seen", None, b"From: ada@example.test\r\nTo: grace@example.test\r\nSubject: kept\r\n\r\nhello\r\n"))
ok(c.status("Attic", "(MESSAGES UNSEEN)"))
assert c.select("Nowhere")[0] == "NO"
ok(c.noop())
ok(c.select("Attic", readonly=True))
ok(c.close())
ok(c.delete("Attic"))
c.logout()
