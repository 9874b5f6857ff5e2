"""Clients of ZooKeeper at once: each makes, changes, reads and deletes nodes, and tells what it did."""

import json
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

address, clients, rounds = f"127.0.0.1:{sys.argv[1]}", int(sys.argv[2]), int(sys.argv[3])
told, lock = [], threading.Lock()


def tell(statement, **more):
    with lock:
        told.append({"statement": statement, "error": None, "rows": None, "parameters": [], **more})


def work(name):
    zk = KazooClient(hosts=address, timeout=30)
    zk.start()
    for number in range(rounds):
        path, order = f"/{name}-{number}", json.dumps({"order": number, "email": f"{name}@example.com"})
        zk.create(path, order.encode())
        tell(f"create {path}", parameters=[order])
        data, stat = zk.get(path)
        tell(f"getData {path}", rows=1)
        zk.set(path, data * 2, version=stat.version)
        tell(f"setData {path} {stat.version}", parameters=[order * 2])
        both = zk.transaction()
        both.check(path, version=1)
        both.delete(path)
        both.commit()
        tell(f"multi [check {path} 1, delete {path}]")
        try:
            zk.get(path)
        except NoNodeError:
            tell(f"getData {path}", error="NONODE")
    zk.stop()


workers = [threading.Thread(target=work, args=(f"client{number}",)) for number in range(clients)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(json.dumps(told))
