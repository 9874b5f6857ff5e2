import os
import redis

client = redis.Redis(port=int(os.environ["PORT"]))
value = "0123456789abcdef" * 6250
client.set("long", value)
assert client.get("long").decode() == value
client.mset({f"k{number}": "v" for number in range(300)})
client.mget([f"k{number}" for number in range(300)])
client.delete(*[f"k{number}" for number in range(300)])
client.rpush("list", *[f"element {number}" for number in range(200)])
client.lrange("list", 0, -1)
client.get("k1")
