import os, sys
from pinecone import Pinecone

address, is_grpc = os.environ["ADDRESS"], sys.argv[1] == "grpc"
client = Pinecone(api_key="pcsk_hunter2", grpc_scheme="http" if is_grpc else None)
index = client.index(host=address if is_grpc else "http://" + address, grpc=is_grpc)


def vector(seed):
    return [((seed * 7 + place) % 10) / 10 for place in range(8)]


def failing(call):
    try:
        call()
    except Exception as error:
        return error
    raise SystemExit("it did not fail")


vectors = [{"id": f"movie-{at}", "values": vector(at), "metadata": {"title": f"Film {at}", "year": 1920 + at}} for at in range(12)]
index.upsert(vectors=vectors, namespace="films")
index.query(vector=vector(1), top_k=2, namespace="films", include_metadata=True, filter={"year": {"$gte": 1925}})
index.query(id="movie-3", top_k=2)
index.fetch(ids=["movie-7"], namespace="films")
list(index.list(prefix="movie-", namespace="films"))
index.update(id="movie-7", set_metadata={"seen": True}, namespace="films")
index.delete(ids=["movie-7", "movie-8"], namespace="films")
index.delete(filter={"year": {"$lt": 1930}}, namespace="films")
index.describe_index_stats()
failing(lambda: index.query(vector=[0.1, 0.2, 0.3], top_k=2, namespace="nowhere"))
