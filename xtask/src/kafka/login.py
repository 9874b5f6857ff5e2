# Logs in, and asks for something.
import os
from confluent_kafka import Producer

producer = Producer(
    {
        "bootstrap.servers": os.environ["ADDRESS"],
        "client.id": "shop",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": os.environ["MECHANISM"],
        "sasl.username": "ada",
        "sasl.password": os.environ["PASSWORD"],
    }
)
try:
    producer.list_topics(timeout=10)
except Exception:
    assert os.environ["PASSWORD"] != "tulip-cleartext"
