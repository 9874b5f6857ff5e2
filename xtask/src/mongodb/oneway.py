"""Writes that nobody acknowledges, between others."""
import os

import pymongo

client = pymongo.MongoClient(os.environ["URI"])
hasty = client.shop.get_collection("events", write_concern=pymongo.WriteConcern(w=0))
hasty.insert_one({"_id": 1, "kind": "click"})
hasty.insert_many([{"_id": n, "kind": "view"} for n in range(2, 5)])
hasty.update_one({"_id": 1}, {"$set": {"kind": "tap"}})
hasty.delete_one({"_id": 2})
assert len(list(client.shop.events.find({}))) == 3
client.close()
