import json, os, sys, threading, warnings
from http.server import BaseHTTPRequestHandler, HTTPServer

warnings.simplefilter("ignore")
import weaviate
from weaviate.classes.data import DataObject
from weaviate.classes.init import Auth
from weaviate.classes.query import Filter, MetadataQuery


class Meta(BaseHTTPRequestHandler):
    # What the client asks of the other port before it calls.
    def do_GET(self):
        body = json.dumps({"version": "1.36.0", "modules": {}} if "meta" in self.path else {}).encode()
        self.send_response(200 if "meta" in self.path else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def vector(seed, size=8):
    return [((seed * 7 + place) % 10) / 10 for place in range(size)]


def failing(call):
    try:
        call()
    except Exception as error:
        return error
    raise SystemExit("it did not fail")


host, port = os.environ["ADDRESS"].split(":")
beside = HTTPServer(("127.0.0.1", 0), Meta)
threading.Thread(target=beside.serve_forever, daemon=True).start()
is_grpc = sys.argv[1] == "grpc"
client = weaviate.connect_to_custom(
    http_host=host, http_port=beside.server_port if is_grpc else int(port), http_secure=False,
    grpc_host=host, grpc_port=int(port) if is_grpc else beside.server_port, grpc_secure=False,
    auth_credentials=Auth.api_key("hunter2"), skip_init_checks=True,
)
films = client.collections.use("Film")
if is_grpc:
    objects = [DataObject(properties={"title": f"Film {at}", "year": 1920 + at, "cast": {"lead": "x"}}, vector=vector(at)) for at in range(10)]
    films.data.insert_many(objects)
    films.data.insert_many([objects[0], DataObject(properties={"title": "bad"}, vector=vector(1, 3))])
    films.query.near_vector(vector(1), limit=2, return_metadata=MetadataQuery(distance=True))
    recent = Filter.by_property("year").greater_than(1925) & Filter.by_property("title").contains_any(["Solaris", "Stalker"])
    films.query.near_vector(vector(1), limit=1, filters=recent, return_properties=["title"])
    films.query.hybrid("space", vector=vector(2), alpha=0.25, limit=2)
    films.query.bm25("ocean", limit=2)
    films.query.fetch_objects(limit=2, filters=Filter.by_property("year").equal(1927))
    films.data.delete_many(where=Filter.by_property("year").less_than(1923))
    failing(lambda: client.collections.use("Nobody").query.near_vector(vector(1), limit=2))
else:
    films.data.insert({"title": "Metropolis", "year": 1927}, vector=vector(1))
    client.graphql_raw_query("{ Get { Film(limit: 2, nearVector: {vector: [0.1, 0.2]}, where: {path: [\"year\"], operator: LessThan, valueInt: 1980}) { title year } } }")
    client.graphql_raw_query("{ Get { Nobody(limit: 2) { title } } }")
    films.data.delete_by_id("11111111-2222-3333-4444-555555555550")
client.close()
