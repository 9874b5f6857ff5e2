"""A user is made, logs in with SCRAM, and is refused with another password."""
import os

import pymongo

client = pymongo.MongoClient(os.environ["URI"])
client.shop.command("createUser", "ada", pwd="tulip-cleartext", roles=["readWrite"])
client.close()
address = os.environ["URI"].split("//")[1].split("/")[0]
options = {"username": "ada", "authSource": "shop", "directConnection": True}
client = pymongo.MongoClient(f"mongodb://{address}/", password="tulip-cleartext", **options)
client.shop.users.find_one({})
client.close()
client = pymongo.MongoClient(f"mongodb://{address}/", password="k-wrong", **options)
try:
    client.shop.users.find_one({})
except pymongo.errors.OperationFailure:
    pass
client.close()
