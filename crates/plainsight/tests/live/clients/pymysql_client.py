"""Asks a MariaDB server through PyMySQL: statements, several results, another database, errors."""
import json
import os
import sys

import pymysql
from pymysql.constants import CLIENT

port, tls, folder = int(sys.argv[1]), sys.argv[2] == "tls", sys.argv[3]
session = pymysql.connect(host="127.0.0.1", port=port, user="shop", password="tulip", database="shop",
                          program_name="pymysql client", client_flag=CLIENT.MULTI_STATEMENTS, autocommit=True,
                          local_infile=True, ssl={"check_hostname": False} if tls else None)


def ask(statement, arguments=None):
    error, rows, affected = None, None, None
    with session.cursor() as cursor:
        try:
            cursor.execute(statement, arguments)
            while True:
                if cursor.description:
                    rows = (rows or 0) + len(cursor.fetchall())
                else:
                    affected = (affected or 0) + cursor.rowcount
                if not cursor.nextset():
                    break
        except pymysql.Error as failure:
            error, rows, affected = str(failure.args[0]), None, None
        statement = cursor.mogrify(statement, arguments)
    print(json.dumps({"pid": os.getpid(), "statement": statement, "rows": rows, "affected": affected, "error": error}))


ask("CREATE TABLE goods (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(200), password VARCHAR(20))")
ask("INSERT INTO goods (name) SELECT CONCAT('number ', seq) FROM seq_1_to_142")
ask("SELECT id, name FROM goods")
ask("SELECT %s, name FROM goods WHERE id <= %s", ("it's", 3))
ask("UPDATE goods SET name = %s WHERE id > %s", ("x" * 150, 40))
ask("SELECT broken FROM goods")
ask("SELECT 1; SELECT name FROM goods LIMIT 7; DELETE FROM goods WHERE id = 1")
path = os.path.join(folder, "goods.tsv")
with open(path, "w") as file:
    file.write("".join(f"{n}\tnew {n}\n" for n in range(1000, 1300)))
ask("LOAD DATA LOCAL INFILE '%s' INTO TABLE goods (id, name)" % path)
ask("SELECT REPEAT('y', 100000) FROM goods LIMIT 20")
session.select_db("attic")
ask("SELECT DATABASE()")
ask("USE shop")
ask("DROP TABLE goods")
session.ping()
session.close()
