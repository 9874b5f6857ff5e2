import os
import redis

client = redis.Redis(port=int(os.environ["PORT"]), protocol=2)
other = redis.Redis(port=int(os.environ["SERVER_PORT"]))
listener = client.pubsub()
listener.subscribe("news", "weather")
listener.psubscribe("n*")
for _ in range(3):
    listener.get_message(timeout=5)
other.publish("news", "ada@example.com has won")
other.publish("weather", "rain")
other.publish("nothing", "else")
for _ in range(4):
    print(listener.get_message(timeout=5))
listener.ping()
print(listener.get_message(timeout=5))
listener.unsubscribe()
listener.punsubscribe()
for _ in range(3):
    print(listener.get_message(timeout=5))
listener.connection.send_command("GET", "a")
print(listener.connection.read_response())
