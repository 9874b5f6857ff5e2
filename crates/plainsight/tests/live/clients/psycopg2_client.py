"""Asks a PostgreSQL server through psycopg2, which sends everything as text of simple queries."""
import json
import os
import socket
import sys

import psycopg2

connection = psycopg2.connect(sys.argv[1])
connection.autocommit = True
port = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM).getsockname()[1]
cursor = connection.cursor()


def tell(statement, rows=None, affected=None, error=None):
    print(json.dumps({
        "pid": os.getpid(), "fd": connection.fileno(), "port": port, "server_pid": connection.info.backend_pid,
        "statement": statement, "rows": rows, "affected": affected, "error": error,
    }))


cursor.execute("select n, %s from generate_series(1, %s) n", ("it's", 142))
assert len(cursor.fetchall()) == 142
tell("select n, 'it''s' from generate_series(1, 142) n", rows=142)
cursor.execute("create temporary table kept as select 1 as id")
tell("create temporary table kept as select 1 as id", affected=1)
cursor.execute("delete from kept where id = %s", (1,))
tell("delete from kept where id = 1", affected=1)
try:
    cursor.execute("select 1 / 0")
except psycopg2.Error as error:
    tell("select 1 / 0", error=error.pgcode)
connection.close()
