"""Speaks to Redis over several connections: PORT tls|plain CONNECTIONS ROUNDS."""

import sys

import redis

port, layer, connections, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def connect(**settings):
    tls = {"ssl": True, "ssl_cert_reqs": None} if layer == "tls" else {}
    return redis.Redis("127.0.0.1", port, single_connection_client=True, **tls, **settings)


connect().execute_command("ACL", "SETUSER", "ada", "on", ">hunter2", "~*", "+@all")
clients = [connect(db=number % 3, client_name=f"shop-{number}") for number in range(connections)]
clients.append(connect(username="ada", password="hunter2"))
for turn in range(rounds):
    for number, client in enumerate(clients):
        key = f"{layer}:{number}:{turn}"
        client.set(key, f"user{turn}@example.com")
        client.get(key)
        client.hset(f"{key}:hash", mapping={"name": "Ada", "email": "ada@example.com"})
        client.hgetall(f"{key}:hash")
        with client.pipeline(transaction=turn % 2 == 0) as batch:
            batch.rpush(f"{key}:list", "one", "two", "three").lrange(f"{key}:list", 0, -1).execute()
        try:
            client.incr(key)
        except redis.ResponseError:
            pass
        client.delete(key, f"{key}:hash", f"{key}:list", "nothing")
