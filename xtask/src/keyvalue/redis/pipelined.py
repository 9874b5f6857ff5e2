import os
import redis

client = redis.Redis(port=int(os.environ["PORT"]), protocol=3)
for _ in range(2):
    with client.pipeline(transaction=False) as batch:
        for number in range(40):
            batch.set(f"key:{number}", f"user{number}@example.com")
            batch.get(f"key:{number}")
        batch.incr("key:1")
        batch.mget([f"key:{number}" for number in range(5)])
        batch.execute(raise_on_error=False)
