# Asks for what is not there and for what is there already.
import os
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address, "client.id": "shop-admin"})


def ask(answers):
    for answer in answers.values():
        try:
            answer.result()
        except KafkaException:
            pass


topic = NewTopic("orders", 1, 1, config={"cleanup.policy": "compact", "retention.ms": "3600000"})
ask(admin.create_topics([topic]))
ask(admin.create_topics([topic, NewTopic("customers", 2, 1)]))
ask(admin.describe_configs([ConfigResource(ResourceType.TOPIC, "orders")]))
ask(admin.alter_configs([ConfigResource(ResourceType.TOPIC, "orders", set_config={"retention.ms": "7200000"})]))
ask(admin.create_partitions([NewPartitions("orders", 3)]))
admin.list_topics("nowhere", timeout=10)
admin.list_topics(timeout=10)
ask({0: admin.list_consumer_groups()})
ask(admin.describe_consumer_groups(["nobody"]))
ask(admin.delete_consumer_groups(["nobody"]))
ask(admin.delete_topics(["orders", "nowhere"]))
