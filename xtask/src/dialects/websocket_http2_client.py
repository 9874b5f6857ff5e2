import os, socket
import h2.config, h2.connection, h2.events
from hpack import NeverIndexedHeaderTuple
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

host, port = os.environ["ADDRESS"].split(":")
wire = socket.create_connection((host, int(port)))
http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
http.initiate_connection()
answered, talks = set(), {}


def flush():
    if data := http.data_to_send():
        wire.sendall(data)


def pump():
    flush()
    for event in http.receive_data(wire.recv(65536)):
        if isinstance(event, h2.events.ResponseReceived):
            answered.add(event.stream_id)
        if isinstance(event, h2.events.DataReceived):
            http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in talks:
                talks[event.stream_id].receive_data(event.data)
    flush()


def hear(stream, kind):
    while True:
        for event in talks[stream].events():
            if isinstance(event, kind) and getattr(event, "message_finished", True):
                return
        pump()


def ask(stream, path, protocol=None):
    authority = [(":authority", "shop"), (":scheme", "http"), (":path", path)]
    if protocol:
        asked = [(":method", "CONNECT"), (":protocol", protocol), *authority, ("sec-websocket-version", "13")]
        # Who lost the one before is to know this one: what its fields say stands in itself.
        http.send_headers(stream, [NeverIndexedHeaderTuple(*field) for field in asked])
        talks[stream] = Connection(ConnectionType.CLIENT)
    else:
        http.send_headers(stream, [(":method", "GET"), *authority], end_stream=True)
    while stream not in answered:
        pump()


def say(stream, message, *pieces):
    data = talks[stream].send(message)
    at = 0
    for size in (*pieces, len(data)):
        http.send_data(stream, data[at : at + size])
        at += size
        flush()
        if at >= len(data):
            return


ask(1, "/orders?token=hunter2", "websocket")
ask(3, "/stock", "websocket")
say(1, TextMessage('{"order": 1, "password": "hunter2"}'))
say(3, TextMessage("how many?"), 1, 7)
hear(1, TextMessage)
hear(3, TextMessage)
ask(5, "/health")
say(1, BytesMessage(bytes(range(256)) * 2), 40, 3)
hear(1, BytesMessage)
say(3, TextMessage("gr\u00fcn " * 200), 500)
hear(3, TextMessage)
say(1, Ping(b"are you there"))
hear(1, Pong)
say(1, TextMessage("leave"))
hear(1, CloseConnection)
say(3, CloseConnection(1000))
ask(7, "/health")
