import os
import socket

control = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
lines = control.makefile("rb")


def ask(*commands):
    for command in commands:
        control.sendall(command.encode("latin-1") + b"\r\n")
    return told()


def told():
    line = lines.readline()
    while line[3:4] == b"-":
        line = lines.readline()
    return line


told()
ask("USER ada")
ask("PASS tulip-cleartext")
ask("TYPE I")
host = ask("EPSV").decode().split("|||")[1].split("|")[0]
data = socket.create_connection(("127.0.0.1", int(host)))
ask("RETR reports/long.bin")
# The transfer waits for somebody to read it.
ask("STAT")
ask("\xff\xf4\xff\xf2ABOR")
told()
data.close()
ask("hunter2 is no command")
ask("SITE PSWD tulip-cleartext hunter2")
ask("NOOP")
ask("QUIT")
