import os
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

zk = KazooClient(os.environ["SERVER"], timeout=30)
zk.start()
zk.create("/shop", b"")
zk.create("/shop/price", b'{"email": "ada@example.com"}')
zk.create("/shop/lock-", b"held", ephemeral=True, sequence=True)
changed = threading.Event()
zk.get("/shop/price", watch=lambda event: changed.set())
zk.set("/shop/price", b"12", version=0)
changed.wait(10)
zk.get_children("/shop")
zk.get_children("/shop", include_data=True)
zk.exists("/shop/price")
zk.exists("/shop/nothing")
zk.sync("/shop")
zk.get_acls("/shop")
try:
    zk.get("/shop/nothing")
except NoNodeError:
    pass
try:
    zk.set("/shop/price", b"13", version=9)
except Exception:
    pass
zk.create("/shop/long", b"0123456789abcdef" * 8192)
zk.get("/shop/long")
zk.delete("/shop", recursive=True)
zk.stop()
