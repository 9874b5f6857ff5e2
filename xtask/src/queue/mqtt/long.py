import os
import paho.mqtt.client as mqtt

done = set()
client = mqtt.Client("camera", protocol=mqtt.MQTTv311)
client.on_message = lambda client, _, message: done.add(len(message.payload))
client.on_subscribe = lambda client, _, packet, *more: done.add("subscribed")
client.on_publish = lambda client, _, packet: done.add(("sent", packet))
client.on_connect = lambda *more: done.add("connected")


def until(what):
    while what not in done:
        assert client.loop(5) == mqtt.MQTT_ERR_SUCCESS


client.username_pw_set("ada", "tulip-cleartext")
client.connect("127.0.0.1", int(os.environ["PORT"]))
until("connected")
client.subscribe("shop/photos", 0)
until("subscribed")
for length, quality in [(2048, 0), (2049, 1), (150000, 1)]:
    sent = client.publish("shop/photos", b"0123456789abcdef" * (length // 16) + b"!" * (length % 16), quality)
    until(length)
    if quality:
        until(("sent", sent.mid))
client.disconnect()
