# A wrong password.
import os

from clickhouse_driver import Client, errors

client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='tulip-cleartext')
try:
    client.execute('SELECT 1')
    raise SystemExit('no error')
except errors.ServerException as error:
    assert error.code == 193, error
