"""Asks SQL Server's protocol, and says what it asked and got, a line of JSON each.

    tds_client.py PORT pytds|pymssql [CERTIFICATE]
"""
import json
import os
import sys

port, driver, *certificate = sys.argv[1:]
told = []


def connect():
    if driver == "pymssql":
        import pymssql

        encrypted = {"encryption": "require"} if certificate else {}
        return pymssql.connect(server="127.0.0.1", port=port, user="ada", password="tulip-cleartext", database="shop",
                               appname="live client", autocommit=True, **encrypted)
    import pytds

    trust = {"cafile": certificate[0], "validate_host": False} if certificate else {}
    return pytds.connect(dsn="127.0.0.1", port=int(port), user="ada", password="tulip-cleartext", database="shop",
                         appname="live client", autocommit=True, **trust)


def ask(cursor, statement, *parameters):
    rows, error = None, None
    try:
        cursor.execute(statement, parameters) if parameters else cursor.execute(statement)
        if cursor.description:
            rows = len(cursor.fetchall())
    except Exception as wrong:
        error = str(getattr(wrong, "number", None) or wrong.args[0])
    bound = statement
    if driver == "pytds":
        for number, _ in enumerate(parameters, 1):
            bound = bound.replace("%s", f"@P{number}", 1)
        bound = bound.replace("%%", "%")
    else:
        for value in parameters:
            bound = bound.replace("%s", f"N'{value}'" if isinstance(value, str) else str(value), 1)
    told.append({
        "pid": os.getpid(), "statement": bound, "rows": rows, "error": error,
        "parameters": [str(value) for value in parameters] if driver == "pytds" else [],
    })


with connect() as connection:
    cursor = connection.cursor()
    ask(cursor, "select * from users")
    for number in range(1, 21):
        ask(cursor, "select name, email from users where id = %s and name <> %s", number, "gr\u00fcn")
    ask(cursor, "select nope from users")
    ask(cursor, "select * from nowhere")
    ask(cursor, "select count(*) as n from users")
for one in told:
    print(json.dumps(one))
