# Says who it is by name and password, to a broker that lets everybody in, and asks for what it will not get.
import os
import pulsar

client = pulsar.Client(
    os.environ["ADDRESS"],
    authentication=pulsar.AuthenticationBasic("ada", "tulip-cleartext"),
    logger=pulsar.ConsoleLogger(pulsar.LoggerLevel.Error),
)
first = client.subscribe("orders", "alone", consumer_type=pulsar.ConsumerType.Exclusive)
try:
    client.subscribe("orders", "alone", consumer_type=pulsar.ConsumerType.Exclusive)
    raise AssertionError("two are alone")
except pulsar.PulsarException:
    pass
client.close()
