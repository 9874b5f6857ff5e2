# A small store that answers as Weaviate's public API does: REST and GraphQL, or gRPC.
import json, os, struct, sys
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
ID = "11111111-2222-3333-4444-55555555555"


def rest(port):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def said(self, asked):
            path, method = self.path.split("?")[0], self.command
            if path == "/v1/meta":
                return 200, {"version": "1.36.0", "modules": {}}
            if path == "/v1/graphql" and "Nobody" in asked["query"]:
                return 200, {"data": None, "errors": [{"message": "Cannot query field \"Nobody\" on type \"GetObjectsObj\"."}]}
            if path == "/v1/graphql":
                found = [{"title": "Metropolis", "year": 1927}, {"title": "Solaris", "year": 1972}]
                return 200, {"data": {"Get": {"Film": found}}}
            if path == "/v1/objects" and method == "POST":
                return 200, {"class": asked["class"], "id": asked.get("id", ID + "0"), "properties": asked.get("properties", {})}
            if path == "/v1/batch/objects" and method == "DELETE":
                results = {"matches": 3, "successful": 3, "failed": 0, "limit": 10000, "objects": None}
                return 200, {"match": asked["match"], "output": "minimal", "dryRun": False, "results": results}
            if path == "/v1/batch/objects":
                good = [{**o, "result": {"status": "SUCCESS"}} for o in asked["objects"]]
                good[-1]["result"] = {"status": "FAILED", "errors": {"error": [{"message": "new node has a vector with length 3"}]}}
                return 200, good
            if path == "/v1/schema/Film" and method == "GET":
                return 200, {"class": "Film", "properties": []}
            if path.startswith("/v1/objects/Nobody"):
                return 422, {"error": [{"message": "class \"Nobody\" not found in schema"}]}
            return (204, None) if method == "DELETE" else (404, {"error": [{"message": "not found"}]})

        def answer(self):
            length = int(self.headers.get("content-length", 0))
            status, said = self.said(json.loads(self.rfile.read(length) or b"{}"))
            body = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            if body:
                self.send_header("content-type", "application/json")
            if status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = answer

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def calls():
    import grpc
    from weaviate.proto.v1.v6300.v1 import batch_pb2, batch_delete_pb2, properties_pb2, search_get_pb2, weaviate_pb2_grpc

    class Store(weaviate_pb2_grpc.WeaviateServicer):
        def Search(self, asked, context):
            if asked.collection == "Nobody":
                context.abort(grpc.StatusCode.UNKNOWN, "could not find class Nobody in schema")
            reply = search_get_pb2.SearchReply(took=0.002)
            for title, year in [("Metropolis", 1927), ("Solaris", 1972)][: asked.limit or None]:
                result = reply.results.add()
                fields = result.properties.non_ref_props.fields
                fields["title"].CopyFrom(properties_pb2.Value(text_value=title))
                fields["year"].CopyFrom(properties_pb2.Value(int_value=year))
                result.metadata.id, result.metadata.distance, result.metadata.distance_present = ID + "0", 0.25, True
            return reply

        def BatchObjects(self, asked, context):
            reply = batch_pb2.BatchObjectsReply(took=0.003)
            for at, new in enumerate(asked.objects):
                sizes = [len(v.vector_bytes) for v in new.vectors] + [len(new.vector_bytes)]
                if 12 in sizes:
                    reply.errors.add(index=at, error="new node has a vector with length 3")
            return reply

        def BatchDelete(self, asked, context):
            return batch_delete_pb2.BatchDeleteReply(took=0.001, matches=3, successful=3)

    server = grpc.server(futures.ThreadPoolExecutor(4))
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(Store(), server)
    server.add_insecure_port(f"127.0.0.1:{PORT}")
    server.start()
    server.wait_for_termination()


rest(PORT) if sys.argv[1] == "rest" else calls()
