import os
import socket
from datetime import timedelta
from couchbase.auth import PasswordAuthenticator
from couchbase.cluster import Cluster
from couchbase.durability import DurabilityLevel, ServerDurability
from couchbase.exceptions import CouchbaseException
from couchbase.options import ClusterOptions, UpsertOptions, ReplaceOptions, GetOptions

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
bucket = cluster.bucket("travel")
users = bucket.default_collection()
attempt(users.upsert, "user:1", {"name": "Ada", "email": "ada@example.com"})
first = attempt(users.get, "user:1")
attempt(users.get, "missing")
attempt(users.exists, "user:1")
attempt(users.insert, "user:1", {"name": "Eve"})
attempt(users.replace, "user:1", {"name": "Ada"}, ReplaceOptions(cas=first.cas))
attempt(users.replace, "user:1", {"name": "Ada"}, ReplaceOptions(cas=first.cas))
durable = UpsertOptions(durability=ServerDurability(DurabilityLevel.MAJORITY))
attempt(users.upsert, "user:2", {"note": "x" * 3000}, durable)
attempt(users.get, "user:2")
attempt(users.binary().increment, "visits")
attempt(users.binary().decrement, "visits")
attempt(users.binary().append, "visits", "0")
hotels = bucket.scope("inventory").collection("hotel")
attempt(hotels.upsert, "hotel:1", {"name": "Ritz"}, UpsertOptions(expiry=timedelta(hours=1), preserve_expiry=False))
attempt(hotels.get_and_touch, "hotel:1", timedelta(seconds=60))
attempt(hotels.get_and_lock, "hotel:1", timedelta(seconds=5))
attempt(hotels.touch, "hotel:1", timedelta(seconds=60))
attempt(hotels.remove, "hotel:1")
attempt(hotels.remove, "hotel:1")
cluster.close()
