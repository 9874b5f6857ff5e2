import os
from qdrant_client import QdrantClient, models

host, port = os.environ["ADDRESS"].split(":")
client = QdrantClient(
    host=host, grpc_port=int(port), prefer_grpc=True, https=False, api_key="hunter2", check_compatibility=False,
    grpc_options={"grpc.enable_http_proxy": 0},
)


def vector(seed):
    return [((seed * 7 + place) % 10) / 10 + 0.05 for place in range(8)]


def failing(call):
    try:
        call()
    except Exception as error:
        return error
    raise SystemExit("it did not fail")


client.create_collection("people", vectors_config=models.VectorParams(size=8, distance=models.Distance.COSINE))
client.collection_exists("people")
names = ["ada", "grace", "alan", "edsger", "barbara", "donald", "tony", "john", "leslie", "niklaus"]
points = [
    models.PointStruct(id=at, vector=vector(at), payload={"mail": f"{name}@example.com", "age": 30 + at, "tags": ["a", at], "of": {"team": "x"}})
    for at, name in enumerate(names)
]
client.upsert("people", points)
client.query_points("people", query=vector(1), limit=3)
young = models.Filter(
    must=[models.FieldCondition(key="age", range=models.Range(lt=35))],
    must_not=[models.FieldCondition(key="mail", match=models.MatchValue(value="ada@example.com"))],
)
client.query_points("people", query=vector(1), limit=2, query_filter=young)
client.scroll("people", limit=10)
client.count("people")
client.delete("people", points_selector=models.PointIdsList(points=[1, 2]))
client.delete("people", points_selector=models.FilterSelector(filter=young))
client.get_collections()
failing(lambda: client.query_points("nobody", query=vector(1), limit=3))
client.delete_collection("people")
