# Reads records that are far longer than anything is kept of.
import os
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address})
[made.result() for made in admin.create_topics([NewTopic("images", 1, 1)]).values()]
producer = Producer({"bootstrap.servers": address, "message.max.bytes": 2000000})
for value in ["0123456789abcdef" * 20000, "the last one"]:
    producer.produce("images", key="1", value=value)
    assert producer.flush(20) == 0
consumer = Consumer({"bootstrap.servers": address, "client.id": "viewer", "group.id": "none", "fetch.wait.max.ms": 100})
consumer.assign([TopicPartition("images", 0, 0)])
for _ in range(2):
    message = consumer.poll(30)
    assert message is not None and message.error() is None
consumer.close()
