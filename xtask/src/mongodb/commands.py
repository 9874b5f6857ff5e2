"""What applications do: write, read in batches, aggregate, change, count; and what goes wrong."""
import datetime
import os
import uuid

import bson
import pymongo

client = pymongo.MongoClient(os.environ["URI"], appname="shop front")
shop = client.shop
shop.users.insert_many([
    {"_id": n, "name": f"user {n}", "email": f"user{n}@example.com", "address": {"city": "Ulm", "zip": "89073"}}
    for n in range(7)
])
list(shop.users.find({"_id": {"$gte": 2}}, {"name": 1, "email": 1}, batch_size=3).sort("_id", 1))
shop.kinds.insert_one({
    "_id": bson.ObjectId("65e0a1b2c3d4e5f601234567"), "int": 7, "long": bson.Int64(2**40), "double": 2.5,
    "decimal": bson.Decimal128("12.50"), "yes": True, "nothing": None, "text": "it's \"quoted\"\n\\",
    "date": datetime.datetime(2024, 2, 29, 12, 34, 56, 789000), "uuid": bson.Binary.from_uuid(uuid.UUID(int=7)),
    "bytes": b"\x00\x01\xff", "regex": bson.Regex("^a.*b", "i"), "code": bson.Code("return 1"),
    "timestamp": bson.Timestamp(1709210096, 1), "min": bson.MinKey(), "max": bson.MaxKey(), "list": [1, "two", [3.0]],
    "infinite": float("inf"), "long text": "abcdefgh" * 200, "many": list(range(40)), "password": "hunter2",
})
shop.kinds.find_one({"_id": bson.ObjectId("65e0a1b2c3d4e5f601234567")})
shop.users.update_one({"_id": 1}, {"$set": {"name": "other"}})
shop.users.update_many({"_id": {"$lt": 3}}, {"$set": {"name": "other"}})
shop.users.update_one({"_id": 99}, {"$set": {"name": "new"}}, upsert=True)
shop.users.find_one_and_update({"_id": 2}, {"$inc": {"visits": 1}})
shop.users.delete_many({"_id": {"$gt": 4}})
list(shop.users.aggregate([
    {"$match": {"_id": {"$lt": 4}}},
    {"$lookup": {"from": "orders", "localField": "_id", "foreignField": "user", "as": "orders"}},
    {"$limit": 2},
]))
shop.users.count_documents({})
shop.users.estimated_document_count()
shop.users.distinct("name")
shop.users.create_index("email", unique=True)
shop.list_collection_names()
try:
    shop.users.insert_many([{"_id": 0}, {"_id": 20}, {"_id": 1}], ordered=False)
except pymongo.errors.BulkWriteError:
    pass
try:
    shop.command("nonsense", 1)
except pymongo.errors.OperationFailure:
    pass
try:
    shop.users.find_one({"$nonsense": 1})
except pymongo.errors.OperationFailure:
    pass
other = client.archive
other.users.insert_one({"_id": 1})
client.server_info()
shop.drop_collection("users")
client.close()
