"""Writes to a Kafka broker and reads from it through librdkafka, and prints what it did, one line of JSON each."""
import json
import os
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

address, layer = sys.argv[1:]
common = {"bootstrap.servers": address}
if layer == "tls":
    common |= {"security.protocol": "ssl", "enable.ssl.certificate.verification": False}


def tell(operation, **told):
    print(json.dumps({"pid": os.getpid(), "operation": operation} | told))


admin = AdminClient(common | {"client.id": "keeper"})
for expected in [None, "36"]:
    made = admin.create_topics([NewTopic("goods", 2, 1)])["goods"]
    try:
        made.result(30)
        code = None
    except KafkaException as failed:
        code = str(failed.args[0].code())
    assert code == expected, code
    tell("CreateTopics", topic="goods", error=code)

count = 0
for way in ["none", "gzip", "snappy", "lz4", "zstd"]:
    producer = Producer(common | {"client.id": "seller", "compression.codec": way})
    for number in range(6):
        key, value = f"{way}-{number}", json.dumps({"email": f"ada{number}@example.com", "note": "n" * 200})
        placed = []
        producer.produce("goods", key=key, value=value, partition=0, on_delivery=lambda e, m: placed.append(m))
        assert producer.flush(30) == 0 and placed[0].error() is None
        tell("Produce", topic="goods", parameters=[key, value], offset=placed[0].offset(), packed=way)
        count += 1

reader = Consumer(common | {"client.id": "buyer", "group.id": "shop", "fetch.wait.max.ms": 100,
                            "session.timeout.ms": 2000, "max.poll.interval.ms": 2000, "heartbeat.interval.ms": 300,
                            "auto.offset.reset": "earliest", "enable.auto.commit": False})
reader.subscribe(["goods"])
read = 0
while read < count:
    message = reader.poll(30)
    assert message is not None and message.error() is None
    tell("Fetch", topic="goods", parameters=[message.key().decode(), message.value().decode()], offset=message.offset())
    read += 1
reader.commit(asynchronous=False)
tell("OffsetCommit", topic="goods", offset=reader.committed([TopicPartition("goods", 0)])[0].offset)
reader.close()
