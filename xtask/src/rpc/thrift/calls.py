import os

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.THeaderProtocol import THeaderProtocol
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport import TSocket, TTransport
from thrift.transport.THeaderTransport import THeaderClientType, THeaderSubprotocolID, THeaderTransformID

framing, written, what = os.environ["LINES_TO_SAY"].split()
socket = TSocket.TSocket("127.0.0.1", int(os.environ["PORT"]))
if framing == "header":
    ids = {"binary": THeaderSubprotocolID.BINARY, "compact": THeaderSubprotocolID.COMPACT}
    protocol = THeaderProtocol(socket, (THeaderClientType.HEADERS,), ids[written])
    transport = socket
else:
    wrap = {"framed": TTransport.TFramedTransport, "bare": TTransport.TBufferedTransport}[framing]
    transport = wrap(socket)
    protocol = {
        "binary": lambda: TBinaryProtocol(transport),
        "old": lambda: TBinaryProtocol(transport, strictWrite=False),
        "compact": lambda: TCompactProtocol(transport),
    }[written]()
transport.open()


def failed(ask, *values):
    try:
        ask(*values)
    except Exception as wrong:
        return type(wrong).__name__
    raise AssertionError(values)


def calls(client):
    """One of each kind."""
    client.ask("ping")
    assert client.ask("add", 20, 22) == 42
    order = Order(7, [Item("tea", 2.5, True, 3, -4), Item("r\u00f6sti", 1e-3, False)],
                  {"note": "by hand", "password": "hunter2"}, {1, 300}, False, "ada@example.com")
    assert client.ask("place", order).number == 7
    assert client.ask("find", 7).items[0].name == "tea"
    assert failed(client.ask, "find", 5000) == "NotFound"
    assert len(client.ask("names", 20)) == 20
    client.ask("note", "nobody answers")
    assert client.ask("blob", b"\x00\xff\x80") == b"\x00\xff\x80"
    assert client.ask("login", "ada", "hunter2") == "k-123"
    assert client.ask("echo", '{"user": "ada", "api_key": "k-123"}')
    assert failed(client.ask, "nothing") == "TApplicationException"
    assert failed(client.ask, "broken") == "TApplicationException"
    client.ask("ping")


if what == "calls":
    calls(Client(protocol))
elif what == "numbered":
    # Numbers of their own, several calls at once, and one that began near the end of all numbers.
    client = Client(protocol, numbered=True)
    client.number = 2**31 - 3 if framing == "framed" else 0
    for method, values in [("add", (1, 2)), ("echo", ("tea",)), ("add", (3, 4))]:
        client.send(method, *values)
    assert [client.receive(method) for method in ("add", "echo", "add")] == [3, "tea", 7]
    client.ask("note", "nobody answers")
    assert client.ask("add", 5, 6) == 11
elif what == "pipelined":
    # Calls that all have the number 0.
    client = Client(protocol)
    for number in range(3):
        client.send("add", number, number)
    assert [client.receive("add") for _ in range(3)] == [0, 2, 4]
    assert client.ask("echo", "tea") == "tea"
elif what == "services":
    client = Client(TMultiplexedProtocol(protocol, "Shop"))
    assert client.ask("add", 1, 2) == 3
    assert failed(client.ask, "find", 5000) == "NotFound"
    client.ask("note", "nobody answers")
    assert client.ask("echo", "tea") == "tea"
elif what == "long":
    client = Client(protocol)
    client.ask("ping")
    assert len(client.ask("echo", "0123456789abcde\n" * 2500)) == 40000
    assert client.ask("add", 1, 2) == 3
    assert len(client.ask("names", 300)) == 300
    assert client.ask("echo", "tea") == "tea"
elif what == "headers":
    client = Client(protocol)
    for name, value in [(b"trace", b"00-17"), (b"authorization", b"Bearer hunter2")]:
        protocol.set_header(name, value)
    assert client.ask("add", 1, 2) == 3
    protocol.add_transform(THeaderTransformID.ZLIB)
    protocol.set_header(b"trace", b"00-18")
    assert client.ask("echo", "tea " * 50) == "tea " * 50
    assert failed(client.ask, "find", 5000) == "NotFound"
    client.ask("note", "nobody answers")
    assert client.ask("names", 3)
    client.ask("ping")
transport.close()
