"""Asks a server of Cassandra's protocol with DataStax's driver, and says what it asked and what came back.

    cassandra_client.py PORT PROTOCOL lz4|snappy|no SCENARIO [--tls CERTIFICATE]

The scenario is one of the functions below.
"""
import json
import os
import ssl
import sys

from cassandra import ConsistencyLevel, InvalidRequest, WriteTimeout
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, NoHostAvailable
from cassandra.protocol import SyntaxException
from cassandra.query import BatchStatement, BatchType, SimpleStatement

port, protocol, packing, scenario = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
did = []


def told(statement, rows=None, error=None, parameters=()):
    did.append({"pid": os.getpid(), "statement": statement, "rows": rows, "error": error, "parameters": list(parameters)})


def ask(session, statement, error=None, rows=None, shown=None, parameters=()):
    try:
        result = session.execute(statement)
        assert error is None, result
        rows = None if rows is False else len(result.current_rows or [])
    except (InvalidRequest, SyntaxException, WriteTimeout) as wrong:
        assert error and error in type(wrong).__name__ + str(wrong), wrong
        rows = None
    told(shown or str(statement), rows, error, parameters)


def statements(session):
    """Statements without parameters, with errors."""
    ask(session, "SELECT count(*) FROM users", rows=1)
    ask(session, "SELECT id, name, email FROM users")
    ask(session, "SELECT * FROM users WHERE id = 0")
    ask(session, "INSERT INTO users (id, name) VALUES (1, 'it''s')", rows=False)
    ask(session, "SELECT x FROM nowhere", "Invalid")
    ask(session, "SELEC 1", "Syntax")
    ask(session, "INSERT INTO users (id, name) VALUES (9, 'fail')", "WriteTimeout")
    ask(session, "CREATE ROLE eve WITH PASSWORD = 'hunter2' AND LOGIN = true", rows=False,
        shown="CREATE ROLE eve WITH PASSWORD = '***' AND LOGIN = true")


def prepared(session):
    """Statements that are prepared once, parameters of several types, pages, batches."""
    find = session.prepare("SELECT * FROM users WHERE id = ?")
    told(find.query_string)
    for number in (7, 8):
        rows = session.execute(find, (number,)).current_rows
        told(find.query_string, len(rows), parameters=[str(number)])
    add = session.prepare("INSERT INTO users (id, name, email, password) VALUES (?, ?, ?, ?)")
    told(add.query_string)
    session.execute(add, (1, "Ada", "ada@example.com", "hunter2"))
    told(add.query_string, parameters=["1", "Ada", "ada@example.com", "***"])
    session.execute(add, (2, None, "eve@example.com", "hunter2"))
    told(add.query_string, parameters=["2", "", "eve@example.com", "***"])
    pages = SimpleStatement("SELECT name FROM users", fetch_size=5, consistency_level=ConsistencyLevel.QUORUM)
    assert len(list(session.execute(pages))) == 12
    for rows in (5, 5, 2):
        told(pages.query_string, rows)
    batch = BatchStatement(BatchType.UNLOGGED)
    batch.add("DELETE FROM users WHERE id = 3")
    batch.add(add, (4, "Bob", "bob@example.com", "hunter2"))
    session.execute(batch)
    told(f"BEGIN UNLOGGED BATCH DELETE FROM users WHERE id = 3; {add.query_string}; APPLY BATCH",
         parameters=["4", "Bob", "bob@example.com", "***"])


def long(session):
    """A value that is longer than a frame, each way."""
    ask(session, "INSERT INTO notes (value) VALUES ('" + "0123456789abcde\n" * 10000 + "')", rows=False, shown="INSERT INTO notes")
    ask(session, "SELECT value FROM notes")


def events(session):
    """A change that another connection of the same client is told of."""
    ask(session, "CREATE TABLE shop.users (id int PRIMARY KEY)", rows=False)


def everything(session):
    statements(session)
    for _ in range(10):
        prepared(session)


def connect(password="tulip"):
    tls = None
    if "--tls" in sys.argv:
        tls = ssl.create_default_context(cafile=sys.argv[sys.argv.index("--tls") + 1])
        tls.check_hostname = False
    cluster = Cluster(
        ["127.0.0.1"], port=port, protocol_version=protocol, compression=False if packing == "no" else packing,
        auth_provider=PlainTextAuthProvider("ada", password), ssl_context=tls, schema_metadata_enabled=False,
        token_metadata_enabled=False, schema_event_refresh_window=-1)
    return cluster, cluster.connect("shop")


if scenario == "refused":
    try:
        connect("hunter2")
        raise SystemExit("a wrong password was taken")
    except NoHostAvailable:
        pass
else:
    cluster, session = connect()
    globals()[scenario](session)
    cluster.shutdown()
for each in did:
    print(json.dumps(each))
