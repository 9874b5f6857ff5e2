# The same with packed blocks, some of which are worth it.
import os

from clickhouse_driver import Client

client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='hunter2',
                compression=os.environ['PACKING'])
client.execute('CREATE TABLE events (id UInt32, kind LowCardinality(String), tags Array(String)) ENGINE = Memory',
               settings={'allow_experimental_low_cardinality_type': 1})
rows = [(n, 'click' if n % 2 else 'view', ['a'] * (n % 3)) for n in range(200)]
assert client.execute('INSERT INTO events VALUES', rows, types_check=True) == 200
assert client.execute('SELECT * FROM events ORDER BY id') == rows
assert client.execute('SELECT kind, count() FROM events GROUP BY kind WITH TOTALS ORDER BY kind')[0] == ('click', 100)
client.disconnect()
