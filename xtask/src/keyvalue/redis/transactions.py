import os
import redis

client = redis.Redis(port=int(os.environ["PORT"]), client_name="shop")
with client.pipeline(transaction=True) as batch:
    batch.set("a", 1).incr("a").lrange("list", 0, -1).get("a")
    print(batch.execute())
client.execute_command("MULTI")
client.execute_command("SELECT", 5)
client.execute_command("LPUSH", "a", "x")
client.execute_command("GET", "a")
print(client.execute_command("EXEC"))
client.set("a", "here")
client.execute_command("WATCH", "a")
redis.Redis(port=int(os.environ["SERVER_PORT"]), db=5).set("a", 9)
client.execute_command("MULTI")
client.execute_command("GET", "a")
print(client.execute_command("EXEC"))
client.execute_command("MULTI")
try:
    client.execute_command("NOSUCH")
except redis.ResponseError as error:
    print(error)
try:
    client.execute_command("EXEC")
except redis.ResponseError as error:
    print(error)
