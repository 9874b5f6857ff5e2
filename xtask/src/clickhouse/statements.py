# Statements in a row on one connection: settings, a table that a query brings along, and one that fails at the end.
import os

from clickhouse_driver import Client, errors

client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='hunter2', database='default')
client.execute('CREATE TABLE users (id UInt32, email String, age Nullable(UInt8)) ENGINE = Memory')
rows = [(1, 'ada@example.com', 36), (2, 'eve@example.com', None), (3, 'bob@example.com', 41)]
assert client.execute('INSERT INTO users (id, email, age) VALUES', rows) == 3
assert client.execute('SELECT id, email, age FROM users ORDER BY id') == rows
client.execute('SELECT count() FROM users', settings={'max_block_size': 100, 'load_balancing': 'random'}, query_id='q-1')
ids = [{'name': 'wanted', 'structure': [('id', 'UInt32')], 'data': [{'id': 2}]}]
assert client.execute('SELECT email FROM users WHERE id IN wanted', external_tables=ids) == [('eve@example.com',)]
client.execute('INSERT INTO users SELECT id + 10, email, age FROM users')
client.connection.ping()
try:
    client.execute('SELECT * FROM nothing')
    raise SystemExit('no error')
except errors.ServerException as error:
    assert error.code == 60
