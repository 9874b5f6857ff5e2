import os, socket
s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
def ask(message):
    s.sendall(message)
    return s.recv(65536)
assert ask(bytes.fromhex("300c020101600702010304008000")).endswith(b"\x0a\x01\x00\x04\x00\x04\x00")
# An operation that nobody knows.
assert b"1.3.6.1.4.1.1466.20036" in ask(bytes.fromhex("30050201025e00"))
