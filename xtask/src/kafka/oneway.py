# Writes without waiting for an answer, also what is long, and asks what is in between.
import os
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address})
[made.result() for made in admin.create_topics([NewTopic("measures", 1, 1)]).values()]
producer = Producer({"bootstrap.servers": address, "client.id": "sensor", "acks": 0, "message.max.bytes": 2000000})
for value in ["21.5", "0123456789abcdef" * 20000, "22.0"]:
    producer.produce("measures", value=value)
    assert producer.flush(20) == 0
producer.list_topics("measures", timeout=10)
