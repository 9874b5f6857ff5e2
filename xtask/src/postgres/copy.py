import psycopg

with psycopg.connect(autocommit=True) as session:
    people = session.cursor()
    with people.copy("COPY users (name, email) FROM STDIN") as rows:
        for i in range(8):
            rows.write_row((f"person {i}", None))
    with people.copy("COPY users (id, name) TO STDOUT (FORMAT binary)") as rows:
        for row in rows:
            pass
    try:
        with people.copy("COPY users (name) FROM STDIN") as rows:
            rows.write(b"half a ")
            raise ValueError("changed my mind")
    except ValueError as error:
        print(error)
    people.execute("DELETE FROM users WHERE id > %s", [3])
