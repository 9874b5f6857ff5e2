# Logs in as clients did before there was a request for that, and asks for something.
import os
from kafka import KafkaProducer

producer = KafkaProducer(
    bootstrap_servers=os.environ["ADDRESS"],
    client_id="shop",
    api_version=(0, 10, 0),
    security_protocol="SASL_PLAINTEXT",
    sasl_mechanism="PLAIN",
    sasl_plain_username="ada",
    sasl_plain_password=os.environ["PASSWORD"],
)
producer.partitions_for("orders")
producer.close()
