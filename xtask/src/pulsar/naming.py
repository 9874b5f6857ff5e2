# Stands before a broker, and puts the address where clients shall come in the place of the broker's own, which it tells.
import socket
import sys
import threading

LISTEN, SERVER, SHOWN = (int(port) for port in sys.argv[1:])
OWN, SAID = (b"pulsar://127.0.0.1:%d" % port for port in (SERVER, SHOWN))
assert len(OWN) == len(SAID), "the lengths around it would be wrong"


def serve(client):
    with client, socket.create_connection(("127.0.0.1", SERVER)) as server:
        back = threading.Thread(target=give, args=(server, client, lambda said: said.replace(OWN, SAID)))
        back.start()
        give(client, server, lambda said: said)
        back.join()


def give(here, there, name):
    try:
        while said := here.recv(65536):
            there.sendall(name(said))
        there.shutdown(socket.SHUT_WR)
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", LISTEN))
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
