import sys

import mysql.connector

session = mysql.connector.connect(host="127.0.0.1", port=int(sys.argv[1]), user="app", database="shop",
                                  use_pure=True, ssl_disabled=True, compress=True)
cursor = session.cursor()
cursor.execute("SELECT id, name FROM users WHERE name <> '" + "no " * 40 + "'")
cursor.fetchall()
cursor.execute("SELECT CONCAT('row ', seq), REPEAT('x', 300) FROM seq_1_to_200")
cursor.fetchall()
cursor.execute("UPDATE users SET name = 'Ada' WHERE id = 1")
cursor = session.cursor(prepared=True)
cursor.execute("SELECT name FROM users WHERE id = ?", (1,))
cursor.fetchall()
session.close()
