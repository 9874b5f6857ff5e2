"""Fetches, stores and lists files by FTP, and prints what it asked and got: `PORT WAY CONNECTIONS`."""
import ftplib
import io
import json
import ssl
import sys
import threading

port, way, connections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
said = []


class Told:
    """A client that keeps what it says and what comes of it."""

    def putcmd(self, line):
        verb, _, rest = line.partition(" ")
        self.asked = {"operation": verb, "said": "***" if verb == "PASS" else rest, "code": None}
        said.append(self.asked)
        super().putcmd(line)

    def getmultiline(self):
        text = super().getmultiline()
        # A preliminary reply is followed by another, to the same command.
        if text[0] in "45" and hasattr(self, "asked"):
            self.asked["code"] = text[:3]
        return text


class Clear(Told, ftplib.FTP):
    pass


class Secret(Told, ftplib.FTP_TLS):
    pass


def work(number):
    server = Secret(context=context) if way == "tls" else Clear()
    server.connect("127.0.0.1", port)
    server.login("ada", "tulip-cleartext")
    if way == "tls":
        server.prot_p()
    server.pwd()
    server.storbinary(f"STOR {number}.txt", io.BytesIO(b"hello\r\n" * 1000))
    server.size(f"{number}.txt")
    got = io.BytesIO()
    server.retrbinary(f"RETR {number}.txt", got.write)
    assert len(got.getvalue()) == 7000
    server.retrlines("LIST", lambda line: None)
    server.rename(f"{number}.txt", f"{number} renamed.txt")
    try:
        server.delete("nothing.txt")
    except ftplib.error_perm:
        pass
    server.delete(f"{number} renamed.txt")
    server.quit()


threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for line in said:
    print(json.dumps(line))
