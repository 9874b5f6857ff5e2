import os
import socket

server = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
lines = server.makefile("rb")
lines.readline()
# At once: who joins later cannot know the mode before the first answer.
server.sendall(
    b'CONNECT {"verbose":true,"user":"ada","pass":"tulip-cleartext","lang":"none","version":"1"}\r\nPING\r\n'
    b"SUB orders.* 1\r\nPUB orders.new 5\r\nhello\r\nPUB orders.a 1\r\na\r\nPUB orders.b 1\r\nb\r\nPING\r\n"
    b"UNSUB 1\r\nPUB vault.keys 4\r\nmine\r\nPING\r\n"
)
for _ in range(15):
    print(lines.readline())
server.close()
