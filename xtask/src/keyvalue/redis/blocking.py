import os
import threading
import redis

client = redis.Redis(port=int(os.environ["PORT"]), protocol=2)
other = redis.Redis(port=int(os.environ["SERVER_PORT"]))
client.ping()


def push():
    while not [one for one in other.client_list() if one["cmd"] == "blpop"]:
        pass
    other.rpush("jobs", "job 1")


threading.Thread(target=push).start()
print(client.blpop(["jobs", "later"], timeout=30))
print(client.blpop("nothing", timeout=0.1))
