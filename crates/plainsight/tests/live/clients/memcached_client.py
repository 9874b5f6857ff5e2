"""Speaks to memcached over several connections: PORT tls|plain CONNECTIONS ROUNDS."""

import ssl
import sys

from pymemcache.client.base import Client

port, layer, connections, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
context = None
if layer == "tls":
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
clients = [Client(("127.0.0.1", port), tls_context=context, default_noreply=False) for _ in range(connections)]
for turn in range(rounds):
    for number, client in enumerate(clients):
        key = f"{layer}:{number}:{turn}"
        client.set(key, f"user{turn}@example.com")
        client.get(key)
        client.get_many([key, f"{key}:nothing"])
        client.set(f"{key}:silent", "x", noreply=True)
        client.add(key, "again")
        client.set(f"{key}:count", "41")
        client.incr(f"{key}:count", 1)
        client.delete(key)
        client.delete(key)
