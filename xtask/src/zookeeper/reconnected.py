import os
import threading

from kazoo.client import KazooClient

zk = KazooClient(os.environ["SERVER"], timeout=30)
connected = threading.Event()
zk.start()
zk.create("/watched", b"")
zk.get("/watched", watch=lambda event: None)
zk.add_listener(lambda state: connected.set() if state == "CONNECTED" else None)
# The connection breaks; the session goes on over another one.
zk._connection._socket.shutdown(2)
connected.wait(20)
zk.set("/watched", b"again")
zk.stop()
