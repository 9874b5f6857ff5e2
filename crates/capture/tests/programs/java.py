"""Says what the agent for Java says (`java/tap`), of sessions that move records of their own: java.py.

Two clients read hellos that are their own, and then tickets that are alike, all before any is opened. Says on standard
output the first client's port, a tab, and the second's.
"""
import os
import signal
import socket
import sys

# Seconds after which a process that hangs dies by itself: a fork does not inherit the alarm.
PATIENCE = 10
# As `PlainsightTap` has them.
WORD, HELLO, ENGINE_OUT, RECORD, MARK_AT, MARK = 0x504C41 << 40, 0, 3, 5, 16, 16
HANDSHAKE, DATA = 0x16, 0x17
NOWHERE = os.open("/dev/null", os.O_WRONLY)


def tell(kind, name, words):
    os.pwrite(NOWHERE, words, WORD | kind << 32 | name)


def record(kind, message):
    return bytes([kind, 3, 3]) + len(message).to_bytes(2, "big") + message


def hello(side, random):
    return record(HANDSHAKE, bytes([side, 0, 0, 34, 3, 3]) + random)


# RFC 5077, section 4: an hour, and a ticket that begins with the name of the key that it is sealed with.
TICKET = record(HANDSHAKE, bytes([4, 0, 0, 70]) + (3600).to_bytes(4, "big") + (64).to_bytes(2, "big") + b"a key's own name" + bytes(48))


def serve(listener):
    signal.alarm(PATIENCE)
    connections = [listener.accept()[0] for _ in range(2)]
    for connection in connections:
        connection.recv(1024)
        connection.send(hello(2, os.urandom(32)))
    for connection in connections:
        while connection.recv(1024):
            connection.send(TICKET)


def main():
    signal.alarm(PATIENCE)
    tell(HELLO, 0, b"\0")
    listener = socket.create_server(("127.0.0.1", 0))
    server = os.fork()
    if server == 0:
        serve(listener)
        return
    clients = [socket.create_connection(listener.getsockname()) for _ in range(2)]
    for name, client in enumerate(clients):
        client.send(hello(1, os.urandom(32)))
        tell(RECORD, name, client.recv(1024)[MARK_AT : MARK_AT + MARK])
    first, second = clients
    # The server is one connection's after the other's: all that the first wants, before the second begins.
    first.send(record(DATA, bytes(40)))
    tickets = [first.recv(1024)]
    first.shutdown(socket.SHUT_WR)
    for _ in range(2):
        second.send(record(DATA, bytes(40)))
        tickets.append(second.recv(1024))
    assert tickets == [TICKET] * 3, tickets
    for name in (0, 1, 1):
        tell(RECORD, name, TICKET[MARK_AT : MARK_AT + MARK])
    tell(ENGINE_OUT, 0, b"first")
    tell(ENGINE_OUT, 1, b"second")
    print(*(client.getsockname()[1] for client in clients), sep="\t")
    second.close()
    assert os.waitpid(server, 0)[1] == 0


sys.exit(main())
