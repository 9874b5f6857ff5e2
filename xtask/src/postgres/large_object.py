import psycopg2

session = psycopg2.connect("")
thing = session.lobject(0, "w")
thing.write("some bytes")
thing.close()
session.rollback()
session.close()
