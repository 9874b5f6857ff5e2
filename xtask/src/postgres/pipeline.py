import psycopg

with psycopg.connect(autocommit=True) as session:
    with session.pipeline():
        for person in (1, 2, 3):
            session.execute("SELECT name FROM users WHERE id = %s", [person])
        session.execute("UPDATE users SET name = name WHERE id < %s", [3])
    try:
        with session.pipeline():
            session.execute("SELECT 1 / %s", [1])
            session.execute("SELECT 2 / %s", [0])
            session.execute("SELECT 3 / %s", [1])
            session.execute("SELECT 4 / %s", [1])
    except psycopg.Error as error:
        print(error)
    session.cursor().executemany("UPDATE users SET name = %s WHERE id = %s", [("Ada", 1), ("Grace", 2), ("Edsger", 3)])
    session.execute("SELECT count(*) FROM users")
    session.execute("SELECT 'last'")
