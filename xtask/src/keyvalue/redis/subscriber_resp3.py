import os
import redis

client = redis.Redis(port=int(os.environ["PORT"]), protocol=3)
other = redis.Redis(port=int(os.environ["SERVER_PORT"]))
listener = client.pubsub()
listener.subscribe("news")
print(listener.get_message(timeout=5))
listener.ssubscribe("shard")
print(listener.get_message(timeout=5))
other.publish("news", "grace@example.com has won")
other.execute_command("SPUBLISH", "shard", "local")
for _ in range(2):
    print(listener.get_message(timeout=5))
listener.connection.send_command("SET", "a", "1")
print(listener.connection.read_response())
other.publish("news", "again")
print(listener.get_message(timeout=5))
