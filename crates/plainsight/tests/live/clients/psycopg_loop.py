"""Asks a PostgreSQL server numbered questions, one after the other, until its input ends: each prepared and unprepared."""
import select
import sys

import psycopg

connection = psycopg.connect(sys.argv[1], autocommit=True)
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    number += 1
    ((twice,),) = connection.execute("select %s::int * 2 as twice", (number,), prepare=True).fetchall()
    ((thrice,),) = connection.execute("select %s::int * 3 as thrice", (number,), prepare=False).fetchall()
    assert (twice, thrice) == (number * 2, number * 3)
    if number == 20:
        print("busy", flush=True)
connection.close()
