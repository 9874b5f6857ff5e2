"""All is encrypted, and the handshake travels in TDS."""
import os

import pytds

connection = pytds.connect(
    dsn="127.0.0.1", port=int(os.environ["PORT"]), user="ada", password="tulip-cleartext", database="shop",
    appname="shop front", cafile=os.environ["CERTIFICATE"], validate_host=False,
)
connection.cursor().execute("select 1 as a")
connection.close()
