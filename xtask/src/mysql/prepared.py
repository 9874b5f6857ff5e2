import datetime
import decimal
import io
import sys

import mysql.connector

session = mysql.connector.connect(host="127.0.0.1", port=int(sys.argv[1]), user="app", database="shop",
                                  use_pure=True, ssl_disabled=True, conn_attrs={"program_name": "shop back"})
session.autocommit = True
cursor = session.cursor(prepared=True)
for person in (1, 2):
    cursor.execute("SELECT id, name, email, born FROM users WHERE id = ?", (person,))
    cursor.fetchall()
values = (1, -5, 1 << 40, 1.5, decimal.Decimal("2.50"), "text", None, datetime.date(2026, 11, 22),
          datetime.datetime(2026, 11, 22, 1, 2, 3, 4), datetime.timedelta(hours=-26, seconds=5), b"\x00\xff")
cursor.execute("SELECT " + ", ".join("?" for _ in values), values)
cursor.fetchall()
cursor.execute("INSERT INTO bulk VALUES (?, ?)", (1, io.BytesIO(b"piece after piece " * 5)))
cursor.execute("INSERT INTO secrets (name, password) VALUES (?, ?)", ("guest", "hunter2"))
for wrong in ("SELECT wrong FROM users WHERE id = ?", "INSERT INTO users (id) VALUES (?)"):
    try:
        cursor.execute(wrong, (1,))
    except mysql.connector.Error as error:
        print(error)
cursor.execute("DELETE FROM bulk WHERE id = ?", (1,))
cursor.close()
session.close()
