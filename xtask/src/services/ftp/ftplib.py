import ftplib
import io
import os

server = ftplib.FTP()
server.connect("127.0.0.1", int(os.environ["PORT"]))
for password in ("hunter2", "tulip-cleartext"):
    try:
        server.login("ada", password)
    except ftplib.error_perm:
        pass
server.cwd("reports")
server.pwd()
server.voidcmd("TYPE I")
server.size("may.txt")
server.sendcmd("MDTM may.txt")
list(server.mlsd())
server.retrlines("LIST")
server.retrbinary("RETR may.txt", lambda data: None)
server.storbinary("STOR june.txt", io.BytesIO(b"hello\r\n" * 100))
server.rename("june.txt", "July \"one\".txt")
server.mkd("new \"two\"")
server.delete("July \"one\".txt")
server.rmd("new \"two\"")
try:
    server.retrbinary("RETR nothing.txt", lambda data: None)
except ftplib.error_perm:
    pass
server.set_pasv(False)
server.nlst()
server.sendcmd("HELP")
server.sendcmd("FEAT")
server.quit()
