# Creates a topic, and writes records with keys, headers and nothing at all in them.
import os
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address, "client.id": "shop-admin"})
[made.result() for made in admin.create_topics([NewTopic("customers", 1, 1)]).values()]
producer = Producer({"bootstrap.servers": address, "client.id": "shop", "linger.ms": 50})
producer.produce("customers", key="1", value='{"email":"ada@example.com"}', headers={"traceparent": "00-4bf9"})
producer.produce("customers", key="2", value="gr\u00fcn", headers={"a": None, "b": b"\x00\xff"})
producer.produce("customers", key="1")
producer.produce("customers", value=b"\x00\x01\xfe\xff")
for number in range(4):
    producer.produce("customers", key=str(number), value="x" * 40 + str(number))
assert producer.flush(20) == 0
producer.produce("customers", value="the second batch")
assert producer.flush(20) == 0
