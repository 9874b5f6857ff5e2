"""Writes to a Kafka broker and reads from it through kafka-python, and prints what it did, one line of JSON each."""
import json
import os
import ssl
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

address, layer = sys.argv[1:]
common = {"bootstrap_servers": address}
if layer == "tls":
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    common |= {"security_protocol": "SSL", "ssl_context": context}


def tell(operation, key, value, offset):
    did = {"operation": operation, "topic": "goods", "parameters": [key, value], "offset": offset}
    print(json.dumps({"pid": os.getpid()} | did))


admin = KafkaAdminClient(**common, client_id="keeper")
admin.create_topics([NewTopic("goods", 2, 1)])
admin.close()
producer = KafkaProducer(**common, client_id="seller")
for number in range(10):
    key, value = str(number), f"ada{number}@example.com " * 10
    placed = producer.send("goods", key=key.encode(), value=value.encode(), partition=0).get(30)
    tell("Produce", key, value, placed.offset)
producer.close()
consumer = KafkaConsumer(**common, client_id="buyer", fetch_max_wait_ms=100)
consumer.assign([TopicPartition("goods", 0)])
consumer.seek(TopicPartition("goods", 0), 0)
read = 0
while read < 10:
    for records in consumer.poll(timeout_ms=1000).values():
        for record in records:
            tell("Fetch", record.key.decode(), record.value.decode(), record.offset)
            read += 1
consumer.close()
