import sys

import mysql.connector

session = mysql.connector.connect(host="127.0.0.1", port=int(sys.argv[1]), user="app", database="shop",
                                  use_pure=True, ssl_disabled=True)
session.cmd_ping()
session.cmd_statistics()
session.cmd_init_db("attic")
session.cmd_query("SELECT DATABASE()")
session.get_rows()
session.cmd_debug()
session.cmd_reset_connection()
session.cmd_change_user("by_native", "tulip-native", "shop")
session.cmd_query("SELECT CURRENT_USER()")
session.get_rows()
try:
    session.cmd_change_user("by_native", "wrong", "shop")
except mysql.connector.Error as error:
    print(error)
