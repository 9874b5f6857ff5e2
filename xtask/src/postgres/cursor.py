import psycopg

with psycopg.connect() as session:
    with session.cursor(name="people") as people:
        people.itersize = 2
        people.execute("SELECT id, name FROM users WHERE id < %s ORDER BY id", [4])
        for person in people:
            print(person)
