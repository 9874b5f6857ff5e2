"""A server of files for one user, in clear and with AUTH TLS, which tells each command that it hears: `FOLDER`."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

folder = sys.argv[1]
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(message)s")
users = DummyAuthorizer()
users.add_user("ada", "tulip-cleartext", f"{folder}/files", perm="elradfmwMT")
TLS_FTPHandler.authorizer = users
TLS_FTPHandler.certfile, TLS_FTPHandler.keyfile = f"{folder}/cert.pem", f"{folder}/key.pem"
TLS_FTPHandler.auth_failed_timeout = 0
server = FTPServer(("127.0.0.1", 0), TLS_FTPHandler)
print(f"listening on {server.socket.getsockname()[1]}", flush=True)
server.serve_forever(handle_exit=False)
