# Writes records in every packing and reads them all.
import os
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address})
[made.result() for made in admin.create_topics([NewTopic("packed", 5, 1)]).values()]
for partition, way in enumerate(["none", "gzip", "snappy", "lz4", "zstd"]):
    producer = Producer({"bootstrap.servers": address, "client.id": way, "compression.codec": way, "linger.ms": 50})
    for number in range(3):
        value = f"{way} {number}: " + "grace@example.com " * 12
        producer.produce("packed", partition=partition, key=str(number), value=value)
    assert producer.flush(20) == 0
consumer = Consumer({"bootstrap.servers": address, "client.id": "unpacker", "group.id": "none", "fetch.wait.max.ms": 100})
for partition in range(5):
    consumer.assign([TopicPartition("packed", partition, 0)])
    for _ in range(3):
        message = consumer.poll(30)
        assert message is not None and message.error() is None
consumer.close()
