import os
import socket
from couchbase.auth import PasswordAuthenticator
from couchbase.cluster import Cluster
from couchbase.exceptions import CouchbaseException
from couchbase.options import ClusterOptions, MutateInOptions
import couchbase.subdocument as paths

port = os.environ["PORT"]
with socket.create_connection(("127.0.0.1", int(os.environ["SERVER_PORT"]))) as direct:
    direct.sendall(f"public {port}\n".encode())
    direct.recv(16)


def attempt(call, *words, **options):
    try:
        return call(*words, **options)
    except CouchbaseException as error:
        print(type(error).__name__)


cluster = Cluster(f"couchbase://127.0.0.1:{port}", ClusterOptions(PasswordAuthenticator("ada", "tulip-cleartext")))
users = cluster.bucket("travel").default_collection()
attempt(users.upsert, "user:1", {"name": "Ada", "email": "ada@example.com", "tags": ["a"]})
attempt(users.lookup_in, "user:1", [paths.get("email"), paths.exists("phone"), paths.count("tags")])
attempt(users.lookup_in, "user:1", [paths.get("name")])
attempt(users.lookup_in, "nobody", [paths.get("name")])
attempt(users.mutate_in, "user:1", [paths.upsert("city", "London"), paths.array_append("tags", "b")])
attempt(users.mutate_in, "user:1", [paths.upsert("city", "Paris"), paths.replace("nowhere", 1)])
attempt(users.mutate_in, "user:1", [paths.remove("city")])
attempt(users.get, "user:1")
cluster.close()
