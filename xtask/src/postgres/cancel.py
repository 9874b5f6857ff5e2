import threading

import psycopg

with psycopg.connect(autocommit=True) as session:
    threading.Timer(0.3, session.cancel).start()
    try:
        session.execute("SELECT pg_sleep(10)")
    except psycopg.errors.QueryCanceled as error:
        print(error)
    session.execute("SELECT 1")
