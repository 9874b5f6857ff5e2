import os
import paho.mqtt.client as mqtt

done = set()
version = int(os.environ["PROTOCOL"])
client = mqtt.Client("till-9", protocol=version)
client.on_subscribe = lambda client, _, packet, *more: done.add(packet)
client.on_publish = lambda client, _, packet: done.add(packet)
client.on_connect = lambda *more: done.add("connected")


def until(what):
    while what not in done:
        assert client.loop(5) == mqtt.MQTT_ERR_SUCCESS


client.username_pw_set("ada", "tulip-cleartext")
client.connect("127.0.0.1", int(os.environ["PORT"]))
until("connected")
filters = [(topic, 1) for topic in ["shop/a", "vault/keys", "shop/b"]]
if version == mqtt.MQTTv5:
    filters = [(topic, mqtt.SubscribeOptions(qos=quality)) for topic, quality in filters]
until(client.subscribe(filters)[1])
until(client.publish("vault/keys", b"mine", 1).mid)
until(client.publish("vault/keys", b"mine", 2).mid)
client.disconnect()
