import sys

import pymysql
from pymysql.constants import CLIENT

session = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="app", database="shop", ssl_disabled=True,
                          program_name="shop front", client_flag=CLIENT.MULTI_STATEMENTS, autocommit=True)
session.ping()
with session.cursor() as cursor:
    cursor.execute("SELECT name FROM users WHERE id = %s", [1])
    cursor.execute("INSERT INTO users (name) VALUES ('Edsger'); SELECT name FROM users; DELETE FROM users WHERE name = 'Edsger'")
    while cursor.nextset():
        pass
    cursor.callproc("two_results")
    while cursor.nextset():
        pass
    cursor.execute("SELECT 1; SELECT 1 FROM nowhere; SELECT 2")
    try:
        cursor.nextset()
    except pymysql.Error as error:
        print(error)
session.select_db("attic")
with session.cursor() as cursor:
    cursor.execute("SELECT DATABASE()")
try:
    session.kill(4000000)
except pymysql.Error as error:
    print(error)
session.close()
