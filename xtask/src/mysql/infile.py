import os
import sys
import tempfile

import pymysql

session = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="app", database="shop", ssl_disabled=True, local_infile=True)
os.chdir(tempfile.mkdtemp())
path = "notes.csv"
with open(path, "w") as file:
    file.write("1,one\n2,two\n")
with session.cursor() as cursor:
    cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE bulk FIELDS TERMINATED BY ','")
    cursor.execute("SELECT id, note FROM bulk")
    cursor.execute("TRUNCATE bulk")
os.unlink(path)
os.rmdir(os.getcwd())
with session.cursor() as cursor:
    try:
        cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE bulk")
    except pymysql.Error as error:
        print(error)
session.close()
