# A query that is cancelled, and one behind it on the same connection.
import os

from clickhouse_driver import Client

client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='hunter2', compression=os.environ['PACKING'])
settings = {'max_block_size': 1000, 'max_threads': 1}
progress = client.execute_with_progress('SELECT sleep(0.05), number FROM system.numbers LIMIT 100000', settings=settings)
next(iter(progress))
client.cancel()
client.disconnect()
