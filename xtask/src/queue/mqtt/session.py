import os
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

version = int(os.environ["PROTOCOL"])


def properties(kind, **values):
    if version != mqtt.MQTTv5:
        return None
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


done = set()
client = mqtt.Client("till-7", protocol=version)
client.on_message = lambda client, _, message: done.add(("message", message.payload))
client.on_subscribe = lambda client, _, packet, *more: done.add(packet)
client.on_unsubscribe = lambda client, _, packet, *more: done.add(packet)
client.on_publish = lambda client, _, packet: done.add(packet)
client.on_connect = lambda *more: done.add("connected")


def until(what):
    while what not in done:
        assert client.loop(5) == mqtt.MQTT_ERR_SUCCESS


will = properties(PacketTypes.WILLMESSAGE, WillDelayInterval=5, ContentType="text/plain")
client.username_pw_set("ada", "tulip-cleartext")
client.will_set("shop/till/7/state", "gone", qos=1, retain=True, properties=will)
connect = properties(PacketTypes.CONNECT, SessionExpiryInterval=60, UserProperty=[("team", "shop"), ("api_key", "k-123")])
client.connect("127.0.0.1", int(os.environ["PORT"]), 60, properties=connect)
until("connected")
filters = [("shop/orders/+", 2), ("shop/prices/#", 0)]
if version == mqtt.MQTTv5:
    filters = [(topic, mqtt.SubscribeOptions(qos=quality)) for topic, quality in filters]
until(client.subscribe(filters)[1])
told = properties(PacketTypes.PUBLISH, ContentType="application/json", ResponseTopic="shop/answers",
                  CorrelationData=b"\x01\x02", MessageExpiryInterval=30, UserProperty=("trace", "00-4bf92f"))
for number, quality in enumerate([0, 1, 2]):
    payload = b'{"order":%d,"email":"ada@example.com"}' % number
    sent = client.publish("shop/orders/new", payload, quality, properties=told)
    until(("message", payload))
    if quality:
        until(sent.mid)
until(client.publish("shop/till/7/state", b"\x00\x01\xfe", 1, retain=True).mid)
until(client.publish("shop/empty", b"", 1).mid)
client._send_pingreq()
while client._ping_t:
    client.loop(5)
until(client.unsubscribe(["shop/orders/+", "shop/nothing"])[1])
client.disconnect()
