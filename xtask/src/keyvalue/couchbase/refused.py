import os
import socket
from datetime import timedelta
from couchbase.auth import PasswordAuthenticator
from couchbase.cluster import Cluster
from couchbase.exceptions import CouchbaseException
from couchbase.options import ClusterOptions, ClusterTimeoutOptions

port = os.environ["PORT"]
with socket.create_connection(("127.0.0.1", int(os.environ["SERVER_PORT"]))) as direct:
    direct.sendall(f"public {port}\n".encode())
    direct.recv(16)
# `PLAIN`, as over TLS.
where = f"couchbase://127.0.0.1:{port}?allowed_sasl_mechanisms=PLAIN"
try:
    Cluster(where, ClusterOptions(PasswordAuthenticator("eve", "hunter2")))
except CouchbaseException as error:
    print(type(error).__name__)
