"""Answers as Couchbase's data and query services do, by their specification: PORT, or that of the environment.

Public documents: BinaryProtocol.md, SubDocument.md, Collections.md of kv_engine; the query service's REST interface. The line
`public PORT` says under which port its clients reach it.
"""

import base64
import hashlib
import hmac
import json
import os
import socketserver
import struct
import sys
import threading

USER, PASSWORD, BUCKET = "ada", "tulip-cleartext", "travel"
SALT = b"0123456789abcdef"
CONTINUE = 0x21
NOT_FOUND, EXISTS, AUTH_ERROR, NO_PATH, UNKNOWN, NOT_MINE, NO_COLLECTION = 1, 2, 0x20, 0xC0, 0x81, 7, 0x88
AGREED = {0x03, 0x04, 0x06, 0x07, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x14}
COLLECTIONS = {"_default._default": 0, "inventory.hotel": 8}

port = int(sys.argv[1] if sys.argv[1:] else os.environ["PORT"])
public = [port]
documents, lock = {}, threading.Lock()
changes = [1]


def config(name):
    """The cluster as its clients are told."""
    port = public[0]
    services = {"kv": port, "n1ql": port, "mgmt": port}
    told = {
        "rev": 7,
        "revEpoch": 1,
        "nodesExt": [{"services": services, "thisNode": True, "hostname": "127.0.0.1"}],
        "clusterCapabilitiesVer": [1, 0],
        "clusterCapabilities": {"n1ql": ["enhancedPreparedStatements"]},
    }
    if name:
        told |= {
            "name": name,
            "uuid": "2b1f3a",
            "nodeLocator": "vbucket",
            "bucketCapabilitiesVer": "",
            "bucketCapabilities": ["collections", "durableWrite", "couchapi", "xattr", "cccp", "nodesExt"],
            "nodes": [{"hostname": f"127.0.0.1:{port}", "ports": {"direct": port}}],
            "vBucketServerMap": {
                "hashAlgorithm": "CRC",
                "numReplicas": 1,
                "serverList": [f"127.0.0.1:{port}"],
                "vBucketMap": [[0, -1]] * 64,
            },
        }
    return json.dumps(told, separators=(",", ":")).encode()


def packet(code, opaque, status=0, extras=b"", key=b"", value=b"", kind=0, cas=0, took=True):
    frame = b"\x02\x00\x09" if took else b""
    head = struct.pack(">BBBB", 0x18, code, len(frame), len(key)) if took else struct.pack(">BBH", 0x81, code, len(key))
    body = frame + extras + key + value
    return head + struct.pack(">BBHIIQ", len(extras), kind, status, len(body), opaque, cas) + body


class Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.bucket, self.collections, self.frames = None, False, False
        while first := self.rfile.peek(1)[:1]:
            if first == b"p":
                public[0] = int(self.rfile.readline().split()[1])
                self.wfile.write(b"done\n")
            elif first in b"GP":
                self.http()
            else:
                self.packet()

    def packet(self):
        head = self.rfile.read(24)
        if len(head) < 24:
            return
        magic, code = head[0], head[1]
        frame, key = (head[2], head[3]) if magic == 0x08 else (0, struct.unpack(">H", head[2:4])[0])
        extras, self.kind, _, body, opaque, self.cas = struct.unpack(">BBHIIQ", head[4:])
        body = self.rfile.read(body)
        if magic in (0x81, 0x83):
            return
        extras, key, value = (
            body[frame : frame + extras],
            body[frame + extras : frame + extras + key],
            body[frame + extras + key :],
        )
        with lock:
            told = self.answer(code, extras, key, value)
        for one in told if isinstance(told, list) else [told]:
            self.wfile.write(packet(code, opaque, took=self.frames, **one))

    def answer(self, code, extras, key, value):
        name = {
            0x1F: "hello", 0xFE: "error_map", 0x20: "mechanisms", 0x21: "prove", 0x22: "prove", 0x89: "select",
            0xB5: "cluster", 0xBB: "collection", 0x0A: "noop", 0x10: "stat",
        }  # fmt: skip
        if code in name:
            return getattr(self, name[code])(extras, key, value)
        if code == 0xB6 or not key:
            return {"status": UNKNOWN}
        if self.collections and key[0] not in COLLECTIONS.values():
            return {"status": NO_COLLECTION, "value": b'{"manifest_uid":"1"}'}
        return self.document(code, extras, key, value)

    def hello(self, extras, key, value):
        wanted = {*struct.unpack(f">{len(value) // 2}H", value)}
        self.collections, self.frames = 0x12 in wanted, 0x0F in wanted
        agreed = sorted(wanted & AGREED)
        return {"value": struct.pack(f">{len(agreed)}H", *agreed)}

    def error_map(self, *_):
        return {"value": b'{"version":1,"revision":1,"errors":{"1":{"name":"KEY_ENOENT","desc":"Not Found","attrs":["item-only"]}}}', "kind": 1}

    def mechanisms(self, *_):
        return {"value": b"SCRAM-SHA512 PLAIN"}

    def prove(self, extras, key, value):
        if key == b"PLAIN":
            right = value == f"\0{USER}\0{PASSWORD}".encode()
            return {} if right else {"status": AUTH_ERROR, "value": b"Auth failure"}
        # RFC 5802: what was said so far is signed.
        if value.startswith(b"n,,"):
            self.said = value[3:]
            nonce = self.said.split(b"r=")[1] + b"8QTyyXrZ"
            self.said += b"," + (first := b"r=%s,s=%s,i=4096" % (nonce, base64.b64encode(SALT)))
            return {"status": CONTINUE, "value": first}
        bare, _, proof = value.rpartition(b",p=")
        told = self.said + b"," + bare
        salted = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), SALT, 4096)
        sign = lambda key, text: hmac.digest(key, text, "sha512")
        client = sign(salted, b"Client Key")
        signature = sign(hashlib.sha512(client).digest(), told)
        if bytes(a ^ b for a, b in zip(client, signature)) != base64.b64decode(proof):
            return {"status": AUTH_ERROR, "value": b"Auth failure"}
        return {"value": b"v=" + base64.b64encode(sign(sign(salted, b"Server Key"), told))}

    def select(self, extras, key, value):
        self.bucket = key.decode()
        return {} if self.bucket == BUCKET else {"status": 0x24}

    def cluster(self, extras, key, value):
        return {"value": config(self.bucket), "kind": 1}

    def collection(self, extras, key, value):
        known = COLLECTIONS.get(value.decode())
        if known is None:
            return {"status": NO_COLLECTION, "value": b'{"manifest_uid":"1"}'}
        return {"extras": struct.pack(">QI", 1, known)}

    def noop(self, *_):
        return {}

    def stat(self, *_):
        return [{"key": b"pid", "value": b"77"}, {"key": b"curr_items", "value": b"%d" % len(documents)}, {}]

    def document(self, code, extras, key, value):
        old = documents.get(key)
        changed = {0x01: True, 0x02: old is None, 0x03: old is not None}
        if code in changed:
            if not changed[code]:
                return {"status": EXISTS if old else NOT_FOUND}
            if old and self.cas and self.cas != old[1]:
                return {"status": EXISTS}
            return self.keep(key, value, extras[:4], self.kind)
        if code in (0x05, 0x06):
            step, first, _ = struct.unpack(">QQI", extras)
            now = first if old is None else max(0, int(old[0]) + (step if code == 5 else -step))
            return self.keep(key, b"%d" % now, bytes(4), 0) | {"value": struct.pack(">Q", now)}
        if code == 0xD1:
            if old is None and extras[-1:] != b"\x01":
                return {"status": NOT_FOUND}
            return self.mutate(key, json.loads(old[0]) if old else {}, value)
        if old is None:
            return {"status": NOT_FOUND}
        if code in (0x00, 0x1D, 0x94):
            return {"extras": old[2], "value": old[0], "kind": old[3], "cas": old[1]}
        if code in (0x0E, 0x0F):
            return self.keep(key, old[0] + value if code == 0x0E else value + old[0], old[2], 0)
        if code == 0x04:
            del documents[key]
            return self.token()
        if code in (0x1C, 0x95):
            return {"cas": old[1]}
        if code == 0xA0:
            return {"extras": struct.pack(">III", 0, 0, 0) + struct.pack(">QB", changes[0], old[3]), "cas": old[1]}
        if code == 0xD0:
            return self.look(json.loads(old[0]), value) | {"cas": old[1]}
        return {"status": UNKNOWN, "value": b"Unknown command"}

    def token(self):
        changes[0] += 1
        return {"extras": struct.pack(">QQ", 0x1122, changes[0]), "cas": 0x1000 + changes[0]}

    def keep(self, key, value, flags, kind):
        token = self.token()
        documents[key] = (value, token["cas"], flags, kind)
        return token

    def look(self, document, value):
        found, failed = b"", 0
        while value:
            code, flags, length = struct.unpack(">BBH", value[:4])
            path, value = value[4 : 4 + length].decode(), value[4 + length :]
            there = path in document
            failed |= not there
            said = json.dumps(document[path]).encode() if there and code == 0xC5 else b""
            if there and code == 0xD2:
                said = b"%d" % len(document[path])
            found += struct.pack(">HI", 0 if there else NO_PATH, len(said)) + said
        return {"status": 0xCC if failed else 0, "value": found}

    def mutate(self, key, document, value):
        index = 0
        while value:
            code, flags, length, size = struct.unpack(">BBHI", value[:8])
            path, said = value[8 : 8 + length].decode(), value[8 + length : 8 + length + size]
            value = value[8 + length + size :]
            if code == 0xCA and path not in document:
                return {"status": 0xCC, "value": struct.pack(">BH", index, NO_PATH)}
            if code == 0xC9:
                document.pop(path, None)
            elif code == 0xCB:
                document.setdefault(path, []).append(json.loads(said))
            else:
                document[path] = json.loads(said)
            index += 1
        return self.keep(key, json.dumps(document).encode(), bytes(4), 1)

    def http(self):
        request = self.rfile.readline().decode().split()
        fields = {}
        while (line := self.rfile.readline().decode().strip()):
            name, _, told = line.partition(":")
            fields[name.lower()] = told.strip()
        body = self.rfile.read(int(fields.get("content-length", 0)))
        status, told = query(json.loads(body)) if request[1] == "/query/service" else (404, {})
        text = json.dumps(told).encode()
        head = f"HTTP/1.1 {status} Told\r\nContent-Type: application/json; version=7.6.2-N1QL\r\nContent-Length: {len(text)}\r\n\r\n"
        self.wfile.write(head.encode() + text)


def query(asked):
    told = {"requestID": "6ae8b6b4-6d3f-4d39-8b39-8f1d5c0c9d11", "clientContextID": asked.get("client_context_id", "")}
    statement = asked["statement"]
    metrics = {"elapsedTime": "1.2ms", "executionTime": "1.1ms", "resultCount": 0, "resultSize": 0}
    if "nowhere" in statement:
        error = {"code": 12003, "msg": "Keyspace not found in CB datastore: default:nowhere"}
        return 404, told | {"results": [], "errors": [error], "status": "fatal", "metrics": metrics | {"errorCount": 1}}
    rows = [{"name": "Ada", "email": "ada@example.com"}, {"name": "Grace", "email": "grace@example.com"}]
    if statement.startswith("ALTER"):
        return 200, told | {"signature": None, "results": [], "status": "success", "metrics": metrics}
    if statement.startswith("UPDATE"):
        return 200, told | {"signature": None, "results": [], "status": "success", "metrics": metrics | {"mutationCount": 3}}
    metrics |= {"resultCount": 2, "resultSize": 120}
    return 200, told | {"signature": {"name": "json", "email": "json"}, "results": rows, "status": "success", "metrics": metrics}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


Server(("127.0.0.1", port), Talk).serve_forever()
