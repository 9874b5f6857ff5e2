import os
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

done = set()
client = mqtt.Client("meter", protocol=mqtt.MQTTv5)
client.on_publish = lambda client, _, packet: done.add(packet)
client.on_connect = lambda *more: done.add("connected")


def until(what):
    while what not in done:
        assert client.loop(5) == mqtt.MQTT_ERR_SUCCESS


def alias(number):
    made = Properties(PacketTypes.PUBLISH)
    made.TopicAlias = number
    return made


client.username_pw_set("ada", "tulip-cleartext")
client.connect("127.0.0.1", int(os.environ["PORT"]))
until("connected")
for topic, number in [("shop/heat", 1), ("", 1), ("shop/cold", 2), ("", 1), ("", 2), ("shop/warm", 1), ("", 1)]:
    # What the client offers to all does not know aliases.
    packet = client._mid_generate()
    client._send_publish(packet, topic.encode(), b"21", 0, info=mqtt.MQTTMessageInfo(packet), properties=alias(number))
    until(client.publish("shop/seen", b"", 1).mid)
client.disconnect()
