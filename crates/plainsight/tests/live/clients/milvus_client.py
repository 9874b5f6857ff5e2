"""Milvus' own client, over gRPC: milvus_client.py PORT prints for each call what it asked and what came of it."""

import json
import logging
import os
import sys

from pymilvus import DataType, MilvusClient, MilvusException

# Errors that are wanted are no news.
logging.disable(logging.CRITICAL)
client = MilvusClient(uri=f"http://127.0.0.1:{sys.argv[1]}", timeout=30)


def tell(operation, rows=None, affected=None, error=None, **details):
    told = {"pid": os.getpid(), "operation": operation, "rows": rows, "affected": affected, "error": error}
    print(json.dumps(told | {"details": details}), flush=True)


def vector(seed):
    return [((seed * 7 + place) % 10) / 10 for place in range(8)]


schema = MilvusClient.create_schema(auto_id=False)
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("mail", DataType.VARCHAR, max_length=64)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
index = client.prepare_index_params()
index.add_index("vector", index_type="FLAT", metric_type="L2")
client.create_collection("people", schema=schema, index_params=index)
tell("create_collection")

people = [{"id": at, "mail": f"{at}@example.com", "vector": vector(at)} for at in range(10)]
tell("insert", affected=client.insert("people", people)["insert_count"], vectors=10)
tell("upsert", affected=client.upsert("people", people[:1])["upsert_count"], vectors=1)
found = client.search("people", [vector(1)], limit=3, output_fields=["mail"])
tell("search", rows=sum(len(hits) for hits in found), top_k=3)
wanted = 'mail like "1%"'
found = client.search("people", [vector(1), vector(2)], limit=2, filter=wanted)
tell("search", rows=sum(len(hits) for hits in found), top_k=2, filter=wanted)
tell("query", rows=len(client.query("people", filter="id in [1, 2]")), filter="id in [1, 2]")
try:
    client.query("people", filter="this is no filter")
except MilvusException as error:
    tell("query", error=str(error.code), filter="this is no filter")
client.delete("people", ids=[9])
tell("delete", affected=1, filter="id in [9]")
client.drop_collection("people")
tell("drop_collection")
