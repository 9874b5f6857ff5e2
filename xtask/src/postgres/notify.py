import psycopg

with psycopg.connect(autocommit=True) as session:
    session.execute("LISTEN orders")
    session.execute("NOTIFY orders, 'one'")
    with psycopg.connect(autocommit=True) as other:
        other.execute("SELECT pg_notify('orders', 'two')")
    for notice in session.notifies(timeout=2, stop_after=2):
        print(notice.payload)
    session.execute("SELECT 1")
