import psycopg

with psycopg.connect(autocommit=True) as session:
    session.execute("SELECT name FROM users WHERE id = %s", [1])
    session.execute("SELECT name FROM users WHERE id = %s AND name <> %s", [2, "Bob"], binary=True)
    session.execute("SELECT id, born FROM users WHERE id < %b", [3])
    for person in (1, 2, 3):
        session.execute("SELECT email FROM users WHERE id = %s", [person], prepare=True)
    for wrong in ("SELECT wrong FROM users WHERE id = %s", "SELECT 1 / %s"):
        try:
            session.execute(wrong, [0], prepare=True)
        except psycopg.Error as error:
            print(error)
    with session.transaction():
        session.execute("INSERT INTO users (name) VALUES (%s) RETURNING id", [None])
        session.execute("DELETE FROM users WHERE name IS NULL AND id > %s", [3])
