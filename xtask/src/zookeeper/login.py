import os

from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

zk = KazooClient(os.environ["SERVER"], timeout=30)
zk.start()
zk.add_auth("digest", "ada:hunter2")
zk.create("/secret", b"data", acl=[make_digest_acl("ada", "hunter2", all=True)])
zk.get("/secret")
zk.get_acls("/secret")
zk.set_acls("/secret", [make_digest_acl("ada", "hunter2", read=True)])
zk.stop()
