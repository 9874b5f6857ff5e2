# A group of one reads a topic, and commits where it stands.
import os
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address})
[made.result() for made in admin.create_topics([NewTopic("orders", 2, 1)]).values()]
producer = Producer({"bootstrap.servers": address})
for number in range(7):
    producer.produce("orders", partition=number % 2, key=str(number), value='{"order":%d}' % number)
assert producer.flush(20) == 0
consumer = Consumer(
    {
        "bootstrap.servers": address,
        "client.id": "shop-reader",
        "group.id": "billing",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 2000,
        "max.poll.interval.ms": 2000,
        "heartbeat.interval.ms": 300,
        "fetch.wait.max.ms": 100,
    }
)
consumer.subscribe(["orders"])
read = 0
while read < 7:
    message = consumer.poll(30)
    assert message is not None and message.error() is None, message and message.error()
    read += 1
consumer.commit(asynchronous=False)
consumer.close()
