import os, chromadb

host, port = os.environ["ADDRESS"].split(":")
client = chromadb.HttpClient(host, int(port), settings=chromadb.Settings(anonymized_telemetry=False))
orders = client.get_or_create_collection("orders", embedding_function=None)
vectors = [[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1]]
orders.add(ids=["a", "b"], embeddings=vectors, documents=["tea for Ada", "rain in London"], metadatas=[{"city": "London"}, {"city": "Paris"}])
orders.query(query_embeddings=vectors, n_results=2, where={"city": "London"})
orders.get(ids=["b"])
orders.count()
orders.delete(ids=["a"])
client.list_collections()
try:
    client.get_collection("nothing", embedding_function=None)
except chromadb.errors.NotFoundError:
    pass
client.delete_collection("orders")
