import os

from kazoo.client import KazooClient

zk = KazooClient(os.environ["SERVER"], timeout=30)
zk.start()
zk.create("/stock", b"4")
done = zk.transaction()
done.check("/stock", version=0)
done.create("/order", b"1 lamp")
done.set_data("/stock", b"3")
done.commit()
failed = zk.transaction()
failed.create("/invoice", b"")
failed.delete("/nothing")
failed.set_data("/stock", b"2")
failed.commit()
zk.stop()
