# Runs statements on ClickHouse's native protocol, and says of each what came of it: in the driver's words, and in those of
# the server's own log of queries.
#
#   clickhouse_client.py PORT PACKING [--tls]
import json
import os
import sys
import time
import uuid

from clickhouse_driver import Client, errors

port, packing, tls = int(sys.argv[1]), sys.argv[2], '--tls' in sys.argv
asked = []


def connect(**options):
    if tls:
        options |= {'secure': True, 'verify': False}
    return Client('127.0.0.1', port=port, compression=False if packing == 'no' else packing, **options)


def ask(statement, rows=None):
    told = {'pid': os.getpid(), 'id': str(uuid.uuid4()), 'statement': statement, 'rows': None, 'affected': None,
            'first': [], 'error': None}
    asked.append(told)
    try:
        came = client.execute(statement, rows, query_id=told['id'])
    except errors.ServerException as error:
        # The driver leaves the connection, and makes another one for the next statement.
        told['error'] = error.code
        return
    if rows is not None:
        told['affected'], told['first'] = came, [str(cell) for cell in rows[0]]
    elif statement.startswith('SELECT'):
        told['rows'], told['first'] = len(came), [str(cell) for row in came[:1] for cell in row]


# Each query reads its table to the end: what the server still reads after a limit, it logs, and tells no client.
keeper = connect()
keeper.execute('CREATE DATABASE shop')
[(version,)] = keeper.execute('SELECT version()')
client = connect(user='ada', password='hunter2', database='shop', settings={'log_queries': 1})
ask('CREATE TABLE users (id UInt32, email String, tag FixedString(2)) ENGINE = MergeTree ORDER BY id')
for count in [1, 7, 300, 20_000]:
    ask('INSERT INTO users (id, email, tag) VALUES', [(n, f'user{n}@example.com', 'ab') for n in range(1, count + 1)])
for limit in [0, 1, 5, 6, 1_000, 15_000]:
    ask(f'SELECT id, email FROM users ORDER BY id LIMIT {limit}')
for name in ['nothing', 'nowhere']:
    ask(f'SELECT * FROM {name}')
ask('SELECT number, number * 2 AS twice, toString(number) AS name FROM numbers(200000)')
ask('SELECT throwIf(number = 100000) FROM numbers(200000)')
for n in range(1, 21):
    ask(f'SELECT email FROM users WHERE id = {n}')
client.disconnect()

names = ['statement', 'user', 'port', 'read_rows', 'result_rows', 'written_rows', 'exception']
until, log = time.monotonic() + 60, []
# A query is logged when its answer was said.
while len(log) < len(asked) and time.monotonic() < until:
    keeper.execute('SYSTEM FLUSH LOGS')
    # The first kind is what is logged when a query starts.
    log = keeper.execute('SELECT query_id, query, user, port, read_rows, result_rows, written_rows, exception '
                         'FROM system.query_log WHERE type != 1')
assert len(log) == len(asked), log
log = {id: dict(zip(names, row)) for id, *row in log}
for told in asked:
    print(json.dumps(told | {'version': version, 'logged': log[told['id']]}))
