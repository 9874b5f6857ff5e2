"""FreeTDS asks for the log-in to be encrypted if the server can."""
import os

import pymssql

connection = pymssql.connect(
    server="127.0.0.1", port=os.environ["PORT"], user="ada", password="tulip-cleartext", database="shop",
    appname="shop front",
)
cursor = connection.cursor()
cursor.execute("select top 7 id, name, score from users where name like %s", ("user%",))
cursor.fetchall()
try:
    cursor.execute("select nothing from nowhere")
except pymssql.Error:
    pass
connection.close()
