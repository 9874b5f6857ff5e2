import os
import pika

account = pika.PlainCredentials("ada", "tulip-cleartext")
connection = pika.BlockingConnection(pika.ConnectionParameters(
    "127.0.0.1", int(os.environ["PORT"]), "/", account, client_properties={"connection_name": "till-7"}))
channel = connection.channel()
channel.exchange_declare("shop", "topic")
channel.queue_declare("orders", arguments={"x-max-length": 100})
channel.queue_bind("orders", "shop", "order.*")
properties = pika.BasicProperties(
    content_type="application/json", delivery_mode=2, correlation_id="c-1", reply_to="answers", message_id="m-1",
    timestamp=1700000000, app_id="till", headers={"trace": "00-4bf92f", "api_key": "k-123", "tries": 3, "deep": {"a": [1, "x"]}})
channel.basic_publish("shop", "order.new", b'{"order":1,"email":"ada@example.com"}', properties)
channel.basic_publish("", "orders", b"straight to the queue")
channel.basic_publish("shop", "order.empty", b"")
method, _, body = channel.basic_get("orders")
channel.basic_ack(method.delivery_tag)
channel.basic_qos(prefetch_count=1)
for method, _, body in channel.consume("orders", inactivity_timeout=5):
    if body:
        channel.basic_nack(method.delivery_tag, requeue=False)
    else:
        channel.basic_reject(method.delivery_tag, requeue=False)
        break
channel.cancel()
channel.basic_get("orders", auto_ack=True)
channel.basic_publish("", "orders", b"swept away")
channel.queue_purge("orders")
channel.queue_unbind("orders", "shop", "order.*")
channel.queue_delete("orders")
channel.exchange_delete("shop")
channel.close()
connection.close()
