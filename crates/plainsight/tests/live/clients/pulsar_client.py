"""Writes to a Pulsar broker and reads from it, and prints what it did, one line of JSON each."""
import json
import os
import sys

import pulsar

TOPIC = "persistent://public/default/goods"


def tell(operation, *parameters, rows=1):
    print(json.dumps({"pid": os.getpid(), "operation": operation, "parameters": parameters, "rows": rows}))


client = pulsar.Client(sys.argv[1], logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
reader = client.subscribe(TOPIC, "shop")
tell("Subscribe")
for way in ["NONE", "LZ4", "ZLib", "ZSTD", "SNAPPY"]:
    kind = getattr(pulsar.CompressionType, way)
    producer = client.create_producer(TOPIC, compression_type=kind, batching_enabled=False)
    tell("Producer")
    for number in range(4):
        key, value = f"{way}-{number}", f"ada{number}@example.com " * 10
        producer.send(value.encode(), partition_key=key)
        tell("Send", key, value)
        message = reader.receive(30000)
        tell("Message", message.partition_key(), message.data().decode())
        reader.acknowledge(message)
    producer.close()
    tell("CloseProducer")
batch = client.create_producer(TOPIC, batching_enabled=True, batching_max_publish_delay_ms=60000)
tell("Producer")
values = [f"grace{number}@example.com" for number in range(4)]
for value in values:
    batch.send_async(value.encode(), None)
batch.flush()
cells = [cell for value in values for cell in (None, value)]
tell("Send", *cells, rows=4)
for _ in values:
    reader.acknowledge(reader.receive(30000))
tell("Message", *cells, rows=4)
client.close()
