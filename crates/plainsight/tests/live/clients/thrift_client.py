"""Asks a server of Thrift's with Apache's own library, and says of each call what was asked and what came back.

    thrift_client.py PORT framed|bare|header binary|compact ROUNDS [CERTIFICATE]
"""
import json
import os
import ssl
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.protocol.TCompactProtocol import TCompactProtocolAccelerated
from thrift.protocol.THeaderProtocol import THeaderProtocol
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport import TSocket, TSSLSocket, TTransport
from thrift.transport.THeaderTransport import THeaderClientType, THeaderSubprotocolID, THeaderTransformID

from thrift_shop import Client, Item, NotFound, Order, TApplicationException

port, framing, written, rounds, *certificate = sys.argv[1:]
if certificate:
    place = TSSLSocket.TSSLSocket("localhost", int(port), cert_reqs=ssl.CERT_REQUIRED, ca_certs=certificate[0])
else:
    place = TSocket.TSocket("127.0.0.1", int(port))
if framing == "header":
    ids = {"binary": THeaderSubprotocolID.BINARY, "compact": THeaderSubprotocolID.COMPACT}
    protocol, transport = THeaderProtocol(place, (THeaderClientType.HEADERS,), ids[written]), place
    protocol.add_transform(THeaderTransformID.ZLIB)
else:
    transport = {"framed": TTransport.TFramedTransport, "bare": TTransport.TBufferedTransport}[framing](place)
    protocol = {"binary": TBinaryProtocolAccelerated, "compact": TCompactProtocolAccelerated}[written](transport)
transport.open()
shop = Client(TMultiplexedProtocol(protocol, "Shop"), numbered=framing == "framed")


def say(method, values, shown, sample=None, outcome="ok", error=None):
    try:
        shop.ask(method, *values)
        assert error is None, method
    except (NotFound, TApplicationException) as failed:
        assert error, failed
    print(json.dumps({
        "pid": os.getpid(), "statement": f"Shop:{method}", "operation": method, "parameter": shown, "sample": sample,
        "outcome": outcome, "error": error}))


for at in range(int(rounds)):
    say("ping", [], "{}")
    say("add", [at, 1], f"{{1: {at}, 2: 1}}", str(at + 1))
    order = Order(at, [Item("tea", 2.5, True)], {"note": "by hand", "token": "hunter2"}, email="ada@example.com")
    # Fields are told in the order of their numbers, and booleans of the compact protocol are of their heads.
    told = (f'{{1: {at}, 2: [{{1: "tea", 2: 2.5, 3: true}}], 3: {{"note": "by hand", "token": "***"}}, '
            '40: "ada@example.com"}')
    say("place", [order], f"{{1: {told}}}", told)
    say("find", [5000 + at], f"{{1: {5000 + at}}}", None, "error", "exception 1")
    say("note", [f"nobody answers {at}"], f'{{1: "nobody answers {at}"}}', None, "oneway")
    say("echo", ["x" * 300], f'{{1: "{"x" * 300}"}}', f'"{"x" * 300}"')
    say("login", ["ada", "hunter2"], '{1: "***", 2: "***"}', '"***"')
    say("broken", [], "{}", None, "error", "INTERNAL_ERROR")
transport.close()
