# A client that writes and reads in the formats of early brokers.
import os
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

address = os.environ["ADDRESS"]
version = tuple(int(part) for part in os.environ["VERSION"].split("."))
packing = os.environ.get("PACKING") or None
admin = KafkaAdminClient(bootstrap_servers=address)
admin.create_topics([NewTopic("early", 1, 1)])
admin.close()
producer = KafkaProducer(
    bootstrap_servers=address, client_id="early", api_version=version, compression_type=packing, linger_ms=200
)
for number in range(3):
    producer.send("early", key=b"%d" % number, value=b"ada@example.com " * 4)
producer.flush(20)
producer.close()
consumer = KafkaConsumer(bootstrap_servers=address, client_id="early", api_version=version, fetch_max_wait_ms=100)
consumer.assign([TopicPartition("early", 0)])
consumer.seek(TopicPartition("early", 0), 0)
# What the broker gives a client of that age may be more than the client reads.
for _ in range(4):
    consumer.poll(timeout_ms=300)
consumer.close()
