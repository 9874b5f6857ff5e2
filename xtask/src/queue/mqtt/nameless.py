import os
import paho.mqtt.client as mqtt

done = set()
client = mqtt.Client("", protocol=mqtt.MQTTv5)
client.on_connect = lambda *more: done.add("connected")
client.on_publish = lambda client, _, packet: done.add(packet)
client.username_pw_set("ada", "tulip-cleartext")
client.connect("127.0.0.1", int(os.environ["PORT"]))
while "connected" not in done:
    client.loop(5)
sent = client.publish("shop/hello", "who am I?", 1)
while sent.mid not in done:
    client.loop(5)
client.disconnect()
