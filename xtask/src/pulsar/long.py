# Writes and reads a message that is far longer than anything is kept of.
import os
import pulsar

client = pulsar.Client(os.environ["ADDRESS"], logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error))
reader = client.subscribe("images", "all")
producer = client.create_producer("images", batching_enabled=False)
producer.send(b"0123456789abcdef" * 20000)
producer.send(b"the last one")
for _ in range(2):
    reader.acknowledge(reader.receive(20000))
client.close()
