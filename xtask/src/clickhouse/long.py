# Long values, and blocks of more rows than are kept.
import os

from clickhouse_driver import Client

packing = os.environ['PACKING']
client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='hunter2',
                compression=packing if packing != 'no' else False)
client.execute('CREATE TABLE papers (id UInt8, text String) ENGINE = Memory')
long = '0123456789abcde\n' * 20_000
client.execute('INSERT INTO papers VALUES', [(1, 'short'), (2, long), (3, 'last')])
assert client.execute('SELECT id, text FROM papers') == [(1, 'short'), (2, long), (3, 'last')]
rows = client.execute('SELECT toUInt8(1), toFixedString(\'0123456789abcde\\n\', 16) FROM system.numbers LIMIT 20000')
assert len(rows) == 20_000
client.execute('SELECT 1')
client.disconnect()
