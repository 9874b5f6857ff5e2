"""Asks a server of Bolt with Neo4j's driver, and says what it asked and what came back.

    neo4j_client.py PORT SCENARIO

The scenario is one of the functions below.
"""
import json
import os
import sys

import neo4j
from neo4j.exceptions import AuthError, ClientError

port, scenario = int(sys.argv[1]), sys.argv[2]
did = []


def told(statement, rows=None, error=None, parameters=()):
    did.append({"pid": os.getpid(), "statement": statement, "rows": rows, "error": error, "parameters": sorted(parameters)})


def ask(session, statement, error=None, **parameters):
    names = [f"{name}: {'***' if name == 'password' else value}" for name, value in parameters.items()]
    try:
        rows = len(list(session.run(statement, parameters)))
        assert error is None, statement
        told(statement, rows, None, names)
    except ClientError as wrong:
        assert error and error in wrong.code, wrong
        told(statement, None, wrong.code, names)


def statements(session):
    """Statements outside of transactions, with values of all types, and an error."""
    ask(session, "MATCH (u:User) DETACH DELETE u")
    ask(session, "CREATE (u:User {name: $name, email: $email, password: $password}) RETURN u", name="Ada", email="ada@example.com", password="hunter2")
    ask(session, "MATCH (u:User) RETURN u.name AS name, u.email AS email")
    ask(session, "UNWIND range(1, 12) AS x RETURN x, [x, 1.5, true, null] AS list, {a: x, b: 'it'} AS map")
    ask(session, "MATCH (u RETURN u", error="SyntaxError")
    ask(session, "RETURN null AS nothing, date('2026-11-22') AS day, $text AS text", text="it's")


def transactions(session):
    """Two transactions, one of which is undone, and statements behind an error."""
    with session.begin_transaction() as transaction:
        ask(transaction, "CREATE (a:User {name: 'Ada'})-[k:KNOWS {since: 1815}]->(b:User {name: 'Bob'}) RETURN a, k, b")
        ask(transaction, "MATCH (u:User) RETURN count(u) AS users")
        transaction.commit()
    with session.begin_transaction() as transaction:
        ask(transaction, "CREATE (c:User {name: 'Eve'})")
        transaction.rollback()


def pages(session):
    """Rows in several pages, of which the last ones are not wanted."""
    result = session.run("UNWIND range(1, 20) AS x RETURN x")
    assert [result.fetch(1)[0]["x"] for _ in range(9)] == list(range(1, 10))
    result.consume()


def everything(session):
    for _ in range(10):
        statements(session)
        transactions(session)


def connect(password="tulip123"):
    # The certificate is the test's own.
    return neo4j.GraphDatabase.driver(f"{os.environ.get('SCHEME', 'bolt')}://127.0.0.1:{port}", auth=("root", password))


if scenario == "refused":
    try:
        with connect("hunter2") as driver:
            driver.verify_connectivity()
        raise SystemExit("a wrong password was taken")
    except AuthError:
        pass
else:
    with connect() as driver, driver.session(database="shop", fetch_size=4 if scenario == "pages" else 1000) as session:
        globals()[scenario](session)
for each in did:
    print(json.dumps(each))
