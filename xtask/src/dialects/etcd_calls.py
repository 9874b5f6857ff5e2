import os, sys, threading
os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
import etcd3, grpc
from etcd3 import etcdrpc

host, port = os.environ["ADDRESS"].split(":")
client = etcd3.client(host=host, port=int(port), timeout=10)
channel = client.channel


def failing(call):
    try:
        call()
    except (grpc.RpcError, etcd3.exceptions.Etcd3Exception) as error:
        return error
    raise SystemExit("it did not fail")


def keys():
    client.put("users/1", "ada@example.com")
    client.put("users/2", "grace@example.com")
    client.put("config", "line\nand \"quotes\"")
    client.get("users/1")
    client.get("missing")
    list(client.get_prefix("users/", sort_order="descend"))
    list(client.get_prefix("users/", keys_only=True))
    list(client.get_range("a", "d"))
    list(client.get_all())
    client.transaction(
        compare=[client.transactions.version("users/1") > 0],
        success=[client.transactions.put("users/3", "alan"), client.transactions.get("users/1")],
        failure=[client.transactions.delete("users/1")],
    )
    lease = client.lease(60)
    client.put("session", "s1", lease=lease)
    lease.refresh()
    lease.remaining_ttl
    lease.revoke()
    for number in range(16):
        client.put(f"big/{number}", "0123456789abcdef" * 70)
    list(client.get_prefix("big/"))
    client.delete_prefix("big/")
    client.delete("missing")
    list(client.members)
    client.status()
    client.compact(20)
    failing(lambda: client.compact(10_000))
    failing(lambda: etcdrpc.KVStub(channel).Range(etcdrpc.RangeRequest(key=b"users/1", revision=3)))
    raw = channel.unary_unary("/etcdserverpb.KV/Renamed", lambda m: m, lambda m: m)
    failing(lambda: raw(b"\x0a\x01a"))


def watch():
    seen = threading.Semaphore(0)
    number = client.add_watch_callback("jobs/", lambda event: seen.release(), range_end="jobs0")
    client.put("jobs/1", "queued")
    client.put("jobs/1", "done")
    client.delete("jobs/1")
    for _ in range(3):
        assert seen.acquire(timeout=10)
    client.cancel_watch(number)
    client.close()


def auth():
    stub = etcdrpc.AuthStub(channel)
    stub.UserAdd(etcdrpc.AuthUserAddRequest(name="root", password="hunter2-root"))
    stub.RoleAdd(etcdrpc.AuthRoleAddRequest(name="root"))
    stub.UserGrantRole(etcdrpc.AuthUserGrantRoleRequest(user="root", role="root"))
    stub.UserAdd(etcdrpc.AuthUserAddRequest(name="ada", password="hunter2-ada"))
    stub.UserChangePassword(etcdrpc.AuthUserChangePasswordRequest(name="ada", password="hunter2"))
    stub.RoleAdd(etcdrpc.AuthRoleAddRequest(name="reader"))
    grant = etcdrpc.AuthRoleGrantPermissionRequest(name="reader")
    grant.perm.permType, grant.perm.key, grant.perm.range_end = 0, b"users/", b"users0"
    stub.RoleGrantPermission(grant)
    stub.UserGrantRole(etcdrpc.AuthUserGrantRoleRequest(user="ada", role="reader"))
    stub.UserList(etcdrpc.AuthUserListRequest())
    stub.RoleGet(etcdrpc.AuthRoleGetRequest(role="reader"))
    client.put("users/1", "ada@example.com")
    stub.AuthEnable(etcdrpc.AuthEnableRequest())
    failing(lambda: stub.Authenticate(etcdrpc.AuthenticateRequest(name="ada", password="hunter2-wrong")))
    token = stub.Authenticate(etcdrpc.AuthenticateRequest(name="ada", password="hunter2")).token
    store, metadata = etcdrpc.KVStub(channel), [("token", token)]
    store.Range(etcdrpc.RangeRequest(key=b"users/1"), metadata=metadata)
    failing(lambda: store.Put(etcdrpc.PutRequest(key=b"users/1", value=b"x"), metadata=metadata))
    failing(lambda: store.Range(etcdrpc.RangeRequest(key=b"users/1")))


{"keys": keys, "watch": watch, "auth": auth}[sys.argv[1]]()
