# Writes messages in every packing, and reads them.
import os
import pulsar

client = pulsar.Client(os.environ["ADDRESS"], logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
reader = client.subscribe("packed", "all")
for way in ["LZ4", "ZLib", "ZSTD", "SNAPPY"]:
    kind = getattr(pulsar.CompressionType, way)
    producer = client.create_producer("packed", compression_type=kind, batching_max_publish_delay_ms=60000)
    for number in range(3):
        producer.send_async(f"{way} {number}: ".encode() + b"grace@example.com " * 12, None)
    producer.flush()
    producer.close()
for _ in range(12):
    reader.acknowledge(reader.receive(20000))
client.close()
