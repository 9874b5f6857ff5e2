import os
import socket
from couchbase.auth import PasswordAuthenticator
from couchbase.cluster import Cluster
from couchbase.exceptions import CouchbaseException
from couchbase.options import ClusterOptions, QueryOptions

address = os.environ["ADDRESS"]
host, port = os.environ["DIRECT"].removeprefix("http://").split(":")
with socket.create_connection((host, int(port))) as direct:
    direct.sendall(f"public {address.split(':')[1]}\n".encode())
    direct.recv(16)
cluster = Cluster(f"couchbase://{address}", ClusterOptions(PasswordAuthenticator("ada", "tulip-cleartext")))


def ask(statement, *options):
    try:
        print(list(cluster.query(statement, *options).rows()))
    except CouchbaseException as error:
        print(type(error).__name__)


ask("SELECT name, email FROM travel WHERE city = $1 LIMIT 2", QueryOptions(positional_parameters=["London"]))
ask("UPDATE travel SET active = $active WHERE city = 'London'", QueryOptions(named_parameters={"active": True}))
ask("SELECT * FROM nowhere")
ask("ALTER USER grace PASSWORD 'hunter2'")
bucket = cluster.bucket("travel")
print(list(bucket.scope("inventory").query("SELECT name FROM hotel").rows()))
cluster.close()
