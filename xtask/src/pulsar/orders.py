# Writes messages alone and in a batch, reads and acknowledges them.
import os
import pulsar

client = pulsar.Client(os.environ["ADDRESS"], logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
reader = client.subscribe("orders", "billing", consumer_type=pulsar.ConsumerType.Shared)
single = client.create_producer("orders", batching_enabled=False)
single.send(b'{"email":"ada@example.com"}', partition_key="1", properties={"traceparent": "00-4bf9", "b": "gr\u00fcn"})
single.send(b"\x00\xff")
batch = client.create_producer("orders", batching_enabled=True, batching_max_publish_delay_ms=60000)
for number in range(7):
    batch.send_async(b"grace%d@example.com" % number, None, partition_key=str(number))
batch.flush()
for _ in range(9):
    reader.acknowledge(reader.receive(20000))
reader.close()
late = client.subscribe("orders", "audit", initial_position=pulsar.InitialPosition.Earliest)
last = None
for _ in range(3):
    last = late.receive(20000)
late.acknowledge_cumulative(last)
late.unsubscribe()
single.close()
client.get_topic_partitions("orders")
