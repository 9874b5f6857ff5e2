# Writes in transactions, of which one is committed and one is not.
import os
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

address = os.environ["ADDRESS"]
admin = AdminClient({"bootstrap.servers": address})
[made.result() for made in admin.create_topics([NewTopic("payments", 1, 1)]).values()]
producer = Producer({"bootstrap.servers": address, "client.id": "bank", "transactional.id": "bank-1"})
producer.init_transactions(20)
for end in [producer.commit_transaction, producer.abort_transaction]:
    producer.begin_transaction()
    producer.produce("payments", key="1", value="10.00")
    producer.produce("payments", key="2", value="-10.00")
    end(20)
