import os
import socket

server = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
lines = server.makefile("rb")


def say(text, answers):
    server.sendall(text)
    for _ in range(answers):
        lines.readline()


lines.readline()
say(b'CONNECT {"verbose":false, "user":"ada", "pass":"tulip-cleartext", "name":"say \\"hi\\"", "headers":true}\r\nping\r\n', 1)
say(b"sub\torders.>   group\t7\r\nPUB  orders.new\t5\r\nhello\r\n", 2)
say(b"SUB answers.* 8\r\nPUB orders.old answers.1 2\r\nhi\r\n", 2)
say(b"PUB answers.1 5\r\nthere\r\n", 2)
say(b"PUB orders.old elsewhere.1 2\r\nhi\r\n", 2)
say(b"PUB orders.old answers.2 2\r\nhi\r\nPING\r\nPING\r\n", 4)
server.close()
