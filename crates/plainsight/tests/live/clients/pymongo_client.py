"""Asks a MongoDB server through PyMongo, and prints what the driver says of each command, one line of JSON each."""
import base64
import datetime
import json
import os
import sys
import uuid

import bson
import pymongo
from bson import json_util
from pymongo import monitoring

OPTIONS = json_util.RELAXED_JSON_OPTIONS.with_options(uuid_representation=bson.UuidRepresentation.STANDARD)


def readable(value):
    """The same, with UUIDs in the form that people write."""
    if isinstance(value, list):
        return [readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    binary = value.get("$binary", {})
    if binary and binary["subType"] == "04":
        return {"$uuid": str(uuid.UUID(bytes=base64.b64decode(binary["base64"])))}
    return {name: readable(item) for name, item in value.items()}


class Told(monitoring.CommandListener):
    def __init__(self):
        self.lines = []
        self.asked = {}

    def started(self, event):
        sent = {name: value for name, value in event.command.items()
                if not name.startswith("$") and name not in ("lsid", "txnNumber")}
        self.asked[event.request_id] = {
            "pid": os.getpid(), "operation": event.command_name, "database": event.database_name,
            "statement": json.dumps(readable(json.loads(json_util.dumps(sent, json_options=OPTIONS)))),
        }

    def tell(self, event, **told):
        self.lines.append(self.asked.pop(event.request_id) | told)

    def succeeded(self, event):
        reply = event.reply
        cursor = reply.get("cursor", {})
        rows = cursor.get("firstBatch", cursor.get("nextBatch", reply.get("values")))
        writes = event.command_name in ("insert", "update", "delete")
        affected = reply.get("nModified", reply.get("n")) if writes else None
        if affected is not None:
            affected += len(reply.get("upserted", [])) if "nModified" in reply else 0
        failed = reply.get("writeErrors", [{}])[0].get("code")
        self.tell(event, rows=None if rows is None else len(rows), affected=affected, error=failed and str(failed))

    def failed(self, event):
        self.tell(event, rows=None, affected=None, error=str(event.failure["code"]))


told = Told()
client = pymongo.MongoClient(sys.argv[1], appname="pymongo client", event_listeners=[told], retryWrites=False)
shop = client.shop


def fails(work):
    try:
        work()
    except pymongo.errors.PyMongoError:
        return
    raise AssertionError("it did not fail")


shop.goods.insert_many([{"_id": n, "name": f"goods {n}", "price": n * 1.5} for n in range(20)])
assert len(list(shop.goods.find({"_id": {"$gte": 3}}, batch_size=5))) == 17
shop.goods.insert_one({
    "_id": bson.ObjectId(), "int": 7, "long": bson.Int64(2**40), "decimal": bson.Decimal128("-1234.5678E+3"),
    "yes": True, "nothing": None, "text": "gr\u00fcn \"quoted\" \\ \n\t\x01", "bytes": b"\x00\xff",
    "date": datetime.datetime(2024, 2, 29, 12, 34, 56, 789000, datetime.timezone.utc),
    "uuid": bson.Binary.from_uuid(uuid.UUID(int=2**100)), "regex": bson.Regex("^a", "i"), "list": [1, [2.5, {}]],
    "timestamp": bson.Timestamp(7, 8), "min": bson.MinKey(), "max": bson.MaxKey(), "infinite": float("-inf"),
})
shop.goods.update_many({"_id": {"$lt": 5}}, {"$set": {"price": 1}})
shop.goods.update_one({"_id": 500}, {"$set": {"price": 1}}, upsert=True)
shop.goods.delete_many({"_id": {"$gt": 15}})
shop.goods.distinct("name", {"_id": {"$lt": 3}})
list(shop.goods.aggregate([{"$group": {"_id": "$price", "n": {"$sum": 1}}}]))
fails(lambda: shop.goods.insert_many([{"_id": 1}, {"_id": 900}], ordered=False))
fails(lambda: shop.command("no_such_command"))
fails(lambda: shop.goods.find_one({"$nonsense": 1}))
shop.goods.insert_many([{"_id": 1000 + n, "text": "x" * 1000} for n in range(3000)])
assert len(list(shop.goods.find({"_id": {"$gte": 1000}}, batch_size=2900))) == 3000
shop.goods.drop()
client.close()
for line in told.lines:
    print(json.dumps(line))
