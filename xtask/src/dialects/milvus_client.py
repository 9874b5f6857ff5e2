import os
from pymilvus import DataType, MilvusClient, MilvusException

client = MilvusClient(uri=os.environ["URL"], user="ada", password="hunter2", timeout=30)


def vector(seed):
    return [((seed * 7 + place) % 10) / 10 for place in range(8)]


def failing(call):
    try:
        call()
    except MilvusException as error:
        return error
    raise SystemExit("it did not fail")


schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=True)
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("mail", DataType.VARCHAR, max_length=64)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
index = client.prepare_index_params()
index.add_index("vector", index_type="FLAT", metric_type="L2")
client.create_collection("people", schema=schema, index_params=index)
names = ["ada", "grace", "alan", "edsger", "barbara", "donald", "tony", "john", "leslie", "niklaus"]
people = [{"id": at, "mail": f"{name}@example.com", "vector": vector(at)} for at, name in enumerate(names)]
client.insert("people", people)
client.upsert("people", [{"id": 0, "mail": "ada@example.org", "vector": vector(0)}])
client.load_collection("people")
client.search("people", [vector(1)], limit=3, output_fields=["mail"])
client.search("people", [vector(1), vector(2)], limit=2, filter='mail like "a%"', output_fields=["id", "mail"])
client.query("people", filter="id in [1, 2]", output_fields=["mail"])
client.query("people", filter="id >= 0", output_fields=["id", "mail"], limit=100)
client.get("people", ids=[3])
client.delete("people", ids=[9])
client.list_collections()
client.has_collection("nobody")
failing(lambda: client.search("nobody", [vector(1)], limit=3))
failing(lambda: client.query("people", filter="this is no filter"))
client.drop_collection("people")
