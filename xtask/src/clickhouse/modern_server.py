# A server that speaks a newer revision than Debian's: what it says around blocks is made from the source of ClickHouse 26, the
# blocks are of its engine (chdb).
#
#   modern_server.py PORT
import socket
import sys

import chdb.session
from clickhouse_driver.bufferedreader import BufferedSocketReader
from clickhouse_driver.context import Context
from clickhouse_driver.reader import read_binary_str, read_binary_uint8, read_binary_bytes_fixed_len
from clickhouse_driver.streams.native import BlockInputStream
from clickhouse_driver.varint import read_varint

REVISION = 54468
INFO = b'\x01\x00\x02\xff\xff\xff\xff\x00'


def varint(number):
    out = b''
    while number > 0x7f:
        out, number = out + bytes([number & 0x7f | 0x80]), number >> 7
    return out + bytes([number])


def text(words):
    words = words if isinstance(words, bytes) else words.encode()
    return varint(len(words)) + words


EVENTS = b'\x0e\0' + INFO + b'\x01\x01' + text('value') + text('Int64') + b'\0' + b'\7' + b'\0' * 7


class Info:
    used_revision = REVISION


engine = chdb.session.Session()


def blocks(query):
    """The empty block that names the columns, and the rows."""
    described = [line.split('\t')[:2] for line in engine.query(f'DESCRIBE TABLE ({query})', 'TSV').data().splitlines()]
    head, body, count = b'', b'', 0
    for name, kind in described:
        said = engine.query(f'SELECT `{name}` FROM ({query})', 'Native').bytes()
        kind = kind.replace("\\'", "'").encode()
        if said:
            reader = Said(said)
            assert reader.varint() == 1
            count = reader.varint()
            _, kind = reader.text(), reader.text()
            body += text(name) + text(kind) + b'\0' + said[reader.at:]
        head += text(name) + text(kind) + b'\0'
    size = varint(len(described))
    rows = b'\x01\0' + INFO + size + varint(count) + body if count else b''
    return b'\x01\0' + INFO + size + b'\0' + head, rows, count


class Said:
    def __init__(self, said):
        self.said, self.at = said, 0

    def varint(self):
        number, place = 0, 0
        while True:
            byte = self.said[self.at]
            number |= (byte & 0x7f) << place
            self.at, place = self.at + 1, place + 7
            if byte < 0x80:
                return number

    def text(self):
        length = self.varint()
        self.at += length
        return self.said[self.at - length:self.at]


def query(reader):
    query_id = read_binary_str(reader)
    assert read_binary_uint8(reader) == 1
    [read_binary_str(reader) for _ in range(3)]
    read_binary_bytes_fixed_len(reader, 8)
    assert read_binary_uint8(reader) == 1
    [read_binary_str(reader) for _ in range(3)]
    [read_varint(reader) for _ in range(3)]
    read_binary_str(reader)
    [read_varint(reader) for _ in range(2)]
    if read_binary_uint8(reader):
        read_binary_bytes_fixed_len(reader, 24)
        read_binary_str(reader)
        read_binary_uint8(reader)
    [read_varint(reader) for _ in range(3)]
    settings(reader)
    read_binary_str(reader)
    assert (read_varint(reader), read_varint(reader)) == (2, 0)
    statement = read_binary_str(reader)
    return query_id, statement, settings(reader)


def settings(reader):
    told = {}
    while name := read_binary_str(reader):
        read_varint(reader)
        told[name] = read_binary_str(reader)
    return told


def data(reader, context, heard=lambda: None):
    """Reads blocks up to the empty one, and says of each that it was heard: how many rows there were."""
    rows = 0
    while True:
        assert read_varint(reader) == 2
        read_binary_str(reader)
        block = BlockInputStream(reader, context).read()
        if not block.num_columns:
            return rows
        rows += block.num_rows
        heard()


def serve(connection):
    reader, context = BufferedSocketReader(connection, 1 << 16), Context()
    context.server_info, context.client_settings = Info, {'strings_as_bytes': False, 'strings_encoding': 'utf-8', 'use_numpy': False,
                                                          'opentelemetry_traceparent': None, 'namedtuple_as_json': True,
                                                          'server_side_params': True}
    assert read_varint(reader) == 0
    read_binary_str(reader)
    [read_varint(reader) for _ in range(3)]
    [read_binary_str(reader) for _ in range(3)]
    connection.sendall(b'\0' + text('ClickHouse') + varint(26) + varint(9) + varint(REVISION) + text('UTC') + text('newer')
                       + varint(1) + varint(1) + text('.{4}') + text('too short') + b'\x07' * 8)
    read_binary_str(reader)
    while True:
        try:
            packet = read_varint(reader)
        except EOFError:
            return
        if packet == 4:
            connection.sendall(b'\x04')
            continue
        assert packet == 1, packet
        _, statement, parameters = query(reader)
        data(reader, context)
        for name, value in parameters.items():
            engine.query(f'SET param_{name} = {value}')
        answer(connection, reader, context, statement)


def answer(connection, reader, context, statement):
    progress = lambda rows, written: b'\x03' + b''.join(map(varint, [rows, rows * 9, rows, rows * 9, written, written * 5, 123456]))
    try:
        if statement.startswith('INSERT'):
            head, _, _ = blocks('SELECT * FROM shop LIMIT 0')
            connection.sendall(b'\x0b' + text('') + text('columns format version: 1') + head)
            rows = data(reader, context, lambda: connection.sendall(EVENTS))
            connection.sendall(EVENTS + progress(0, rows) + b'\x05')
            return
        if not statement.startswith('SELECT'):
            engine.query(statement)
            return connection.sendall(progress(0, 0) + b'\x05')
        head, body, count = blocks(statement)
    except Exception as error:
        wrong = b'\x02' + (60).to_bytes(4, 'little') + text('DB::Exception') + text(str(error)[:80]) + text('a stack')
        cause = (210).to_bytes(4, 'little') + text('DB::NetException') + text('the cause of it') + text('')
        return connection.sendall(wrong + b'\1' + cause + b'\0')
    zone = b'\x11' + text('UTC')
    profile = b'\x06' + b''.join(map(varint, [count, 1, count * 9])) + b'\1' + varint(count + 100) + b'\1'
    connection.sendall(zone + head + body + progress(count, 0) + EVENTS + profile + b'\x05')


listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('listening', flush=True)
while True:
    accepted, _ = listener.accept()
    serve(accepted)
    accepted.close()
