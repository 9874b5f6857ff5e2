"""A cursor whose batches come without being asked for."""
import os

import pymongo

client = pymongo.MongoClient(os.environ["URI"])
client.shop.lines.insert_many([{"_id": n} for n in range(11)])
lines = client.shop.lines.find({}, cursor_type=pymongo.CursorType.EXHAUST, batch_size=3)
assert len(list(lines)) == 11
client.shop.lines.find_one({"_id": 10})
client.close()
