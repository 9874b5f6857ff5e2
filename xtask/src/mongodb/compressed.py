"""Commands and answers that both sides compress."""
import os

import pymongo

client = pymongo.MongoClient(os.environ["URI"])
client.shop.texts.insert_many([{"_id": n, "text": "abcdefgh" * 20} for n in range(30)])
assert len(list(client.shop.texts.find({}, batch_size=20))) == 30
try:
    client.shop.command("nonsense", 1)
except pymongo.errors.OperationFailure:
    pass
client.close()
