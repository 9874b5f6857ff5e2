"""Asks a PostgreSQL server one numbered question after the other, prepared, until its input ends."""
import select
import sys

import psycopg

connection = psycopg.connect(sys.argv[1], autocommit=True)
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    number += 1
    ((answer,),) = connection.execute("select %s::int * 2 as twice", (number,), prepare=True).fetchall()
    assert answer == number * 2
    if number == 20:
        print("busy", flush=True)
connection.close()
