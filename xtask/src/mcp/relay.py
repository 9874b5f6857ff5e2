# Stands between a client of MCP and the server that it starts, and writes down what both say: a letter and the bytes in hex.
import os, subprocess, sys, threading

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def relay(letter, come, go):
    while bytes := os.read(come, 1 << 18):
        # It is written down before it is passed on: no answer can come first.
        os.write(log, f"{letter} {bytes.hex()}\n".encode())
        while bytes:
            bytes = bytes[os.write(go, bytes) :]


back = threading.Thread(target=relay, args=("S", server.stdout.fileno(), 1))
back.start()
relay("C", 0, server.stdin.fileno())
server.stdin.close()
back.join()
server.wait()
