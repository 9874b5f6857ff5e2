"""Publishes to itself over MQTT 3.1.1 and 5: PORT tls|plain ROUNDS."""

import ssl
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, layer, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


class Till:
    def __init__(self, name, version):
        self.done = set()
        self.client = mqtt.Client(name, protocol=version)
        self.client.on_connect = lambda *more: self.done.add("connected")
        self.client.on_subscribe = lambda *more: self.done.add("subscribed")
        self.client.on_publish = lambda client, _, packet: self.done.add(packet)
        self.client.on_message = lambda client, _, message: self.done.add(message.payload)
        self.client.username_pw_set("ada", "hunter2")
        if layer == "tls":
            self.client.tls_set(cert_reqs=ssl.CERT_NONE)
            self.client.tls_insecure_set(True)
        self.client.connect("127.0.0.1", port)
        self.until("connected")
        options = mqtt.SubscribeOptions(qos=2) if version == mqtt.MQTTv5 else 2
        self.client.subscribe([(f"shop/{name}/#", options)])
        self.until("subscribed")

    def until(self, what):
        while what not in self.done:
            assert self.client.loop(5) == mqtt.MQTT_ERR_SUCCESS

    def publish(self, topic, payload, quality, properties):
        sent = self.client.publish(topic, payload, quality, properties=properties)
        self.until(payload)
        if quality:
            self.until(sent.mid)


told = Properties(PacketTypes.PUBLISH)
told.ContentType = "application/json"
tills = [(Till("old", mqtt.MQTTv311), None), (Till("new", mqtt.MQTTv5), told)]
for turn in range(rounds):
    for till, properties in tills:
        name = till.client._client_id.decode()
        payload = b'{"order":%d,"email":"user%d@example.com"}' % (turn, turn)
        till.publish(f"shop/{name}/orders/{turn % 5}", payload, turn % 3, properties)
for till, _ in tills:
    till.client.disconnect()
    while till.client.loop(5) == mqtt.MQTT_ERR_SUCCESS:
        pass
