# A small store that answers as Pinecone's public API does: REST, or gRPC with messages written field by field.
import json, os, struct, sys
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
MATCHES = [("movie-7", 0.91, {"title": "Metropolis", "year": 1927}), ("movie-3", 0.84, {"title": "Solaris", "year": 1972})]


def rest():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self):
            length = int(self.headers.get("content-length", 0))
            asked = json.loads(self.rfile.read(length) or b"{}")
            path, status = self.path.split("?")[0], 200
            space = asked.get("namespace", "")
            if path == "/vectors/upsert":
                said = {"upsertedCount": len(asked["vectors"])}
            elif path == "/query" and len(asked.get("vector", [])) == 3:
                status = 400
                said = {"code": 3, "message": "Vector dimension 3 does not match the dimension of the index 8", "details": []}
            elif path == "/query":
                matches = [{"id": i, "score": s, "values": [], "metadata": m} for i, s, m in MATCHES]
                said = {"results": [], "matches": matches[: asked["topK"]], "namespace": space, "usage": {"readUnits": 5}}
            elif path == "/vectors/fetch":
                said = {"vectors": {"movie-7": {"id": "movie-7", "values": [0.1] * 8}}, "namespace": "films", "usage": {"readUnits": 1}}
            elif path == "/vectors/list":
                said = {"vectors": [{"id": "movie-3"}, {"id": "movie-7"}], "namespace": "films", "usage": {"readUnits": 1}}
            elif path == "/describe_index_stats":
                said = {"namespaces": {"films": {"vectorCount": 12}}, "dimension": 8, "indexFullness": 0, "totalVectorCount": 12}
            else:
                said = {}
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()


def varint(number):
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def document(of):
    def value(v):
        return field(3, v) if isinstance(v, str) else varint(2 << 3 | 1) + struct.pack("<d", v)

    return b"".join(field(1, field(1, name) + field(2, value(v))) for name, v in of.items())


def calls():
    import grpc

    def upsert(asked, _):
        count, at = 0, 0
        while at < len(asked):
            tag, at = asked[at], at + 1
            length = shift = 0
            while True:
                byte, at = asked[at], at + 1
                length, shift = length | (byte & 0x7F) << shift, shift + 7
                if byte < 0x80:
                    break
            count, at = count + (tag == 0x0A), at + length
        return field(1, count)

    def query(asked, context):
        if b"\x1c\x00\x00\x00" in asked or b"nowhere" in asked:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Vector dimension 3 does not match the dimension of the index 8")
        found = [field(2, field(1, i) + field(2, s) + field(4, document(m))) for i, s, m in MATCHES]
        return b"".join(found) + field(3, "films")

    methods = {
        "Upsert": upsert,
        "Query": query,
        "Fetch": lambda a, c: field(1, field(1, "movie-7") + field(2, field(1, "movie-7") + field(2, struct.pack("<8f", *[0.5] * 8)))) + field(2, "films"),
        "List": lambda a, c: field(1, field(1, "movie-3")) + field(1, field(1, "movie-7")) + field(3, "films"),
        "Delete": lambda a, c: b"",
        "Update": lambda a, c: b"",
        "DescribeIndexStats": lambda a, c: field(1, field(1, "films") + field(2, field(1, 12))) + field(2, 8) + field(4, 12),
    }
    handlers = {name: grpc.unary_unary_rpc_method_handler(call) for name, call in methods.items()}
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("VectorService", handlers),))
    server.add_insecure_port(f"127.0.0.1:{PORT}")
    server.start()
    server.wait_for_termination()


rest() if sys.argv[1] == "rest" else calls()
