"""Asks a PostgreSQL server through psycopg, and prints what it asked and got, one line of JSON for each statement."""
import datetime
import decimal
import json
import os
import socket
import sys
import uuid

import psycopg

connection = psycopg.connect(sys.argv[1], autocommit=True, application_name="psycopg client")
port = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM).getsockname()[1]


def tell(statement, rows=None, affected=None, error=None):
    print(json.dumps({
        "pid": os.getpid(), "fd": connection.fileno(), "port": port, "server_pid": connection.info.backend_pid,
        "statement": statement, "rows": rows, "affected": affected, "error": error,
    }))


def ask(sent, written, parameters=None, prepare=None, binary=False, rows=None, affected=None):
    cursor = connection.cursor(binary=binary)
    try:
        cursor.execute(written, parameters, prepare=prepare)
    except psycopg.Error as error:
        return tell(sent, error=error.sqlstate)
    if rows is not None:
        assert len(cursor.fetchall()) == rows
    tell(sent, rows, affected)


ask("create table goods (id int primary key, name text, price numeric)",
    "create table goods (id int primary key, name text, price numeric)")
ask("insert into goods values ($1, $2, $3)", "insert into goods values (%s, %s, %s)",
    (1, "it's 'quoted', $1 = 2", decimal.Decimal("12.50")), affected=1)
ask("insert into goods values ($1, $2, $3)", "insert into goods values (%s, %s, %s)", (2, None, None), affected=1)
ask("select * from goods where id = $1", "select * from goods where id = %s", (1,), rows=1)
ask("select * from goods where id = $1", "select * from goods where id = %b", (2,), binary=True, rows=1)
for key in range(7):
    ask("select name from goods where id > $1 and name <> $2", "select name from goods where id > %s and name <> %s",
        (key, "x" * key), prepare=True, rows=1 if key == 0 else 0)
values = (
    7, 2**40, True, 3.25, decimal.Decimal("-1234.5678"), "text", b"\x00\xff", datetime.date(2024, 2, 29),
    datetime.datetime(2024, 2, 29, 12, 34, 56, 789012), None,
)
# As text, the driver writes a UUID without its dashes: what is shown is what was sent.
for form, more in (("%t", "word"), ("%b", uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"))):
    ask("select " + ", ".join(f"${n + 1}" for n in range(len(values) + 1)),
        "select " + ", ".join([form] * (len(values) + 1)), (*values, more), rows=1)
ask("select * from goods", "select * from goods", rows=2)
ask("select * from no_such_table", "select * from no_such_table")
ask("select id / $1 from goods", "select id / %s from goods", (0,))
ask("insert into goods values ($1, $2, $3)", "insert into goods values (%s, %s, %s)", (1, "twice", None))
ask("update goods set price = 1", "update goods set price = 1", affected=2)
with connection.cursor().copy("copy goods from stdin") as copy:
    for key in range(100, 350):
        copy.write_row((key, f"copied {key}", key))
tell("copy goods from stdin", affected=250)
with connection.cursor().copy("copy goods to stdout") as copy:
    assert sum(1 for _ in copy.rows()) == 252
tell("copy goods to stdout", rows=252)
connection.close()
