# What newer servers and clients say to each other: parameters, kinds of values that Debian's server has not.
import os

from clickhouse_driver import Client, errors

client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='hunter2', database='shop',
                settings={'server_side_params': True})
client.execute('SELECT {id:UInt8} AS id, {name:String} AS name', {'id': 7, 'name': "it's"}, settings={'max_threads': 1})
client.execute("""SELECT toDate32('1950-01-02') AS a, toDateTime64('2026-11-22 10:20:30.123', 3, 'UTC') AS b, true AS c,
    toInt128(-5) AS d, toUInt256(9) AS e, toIPv4('127.0.0.1') AS f, toIPv6('::1') AS g""")
client.execute("""SELECT map('k', 1, 'l', 2) AS a, toLowCardinality('x') AS b, toLowCardinality(toNullable('y')) AS c,
    [toLowCardinality('p'), toLowCardinality('q')] AS d, tuple(1, 'z')::Tuple(n UInt8, s String) AS e, NULL AS f""")
client.execute('SELECT number, toLowCardinality(toString(number % 3)) AS m FROM numbers(9)')
client.execute('CREATE TABLE IF NOT EXISTS shop (id UInt8, email String) ENGINE = Memory')
assert client.execute('INSERT INTO shop (id, email) VALUES', [(1, 'ada@example.com'), (2, 'eve@example.com')]) == 2
client.execute("SELECT 1 AS before, '{\"a\":1}'::JSON AS document, 2 AS behind")
client.execute('SELECT 2 AS two')
try:
    client.execute('SELECT * FROM nothing')
    raise SystemExit('no error')
except errors.ServerException as error:
    assert error.code == 60
