"""A driver that watches its server: greetings whose answers go on coming."""
import os
import time

import pymongo

client = pymongo.MongoClient(os.environ["URI"], heartbeatFrequencyMS=500)
client.admin.command("ping")
# So long do three heartbeats take.
time.sleep(1.8)
client.close()
