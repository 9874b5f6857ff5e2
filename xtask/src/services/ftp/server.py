import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

users = DummyAuthorizer()
users.add_user("ada", "tulip-cleartext", "files", perm="elradfmwMT")
FTPHandler.authorizer = users
FTPHandler.auth_failed_timeout = 0
server = FTPServer(("127.0.0.1", PORT), FTPHandler)
print("listening", file=sys.stderr, flush=True)
server.serve_forever()
