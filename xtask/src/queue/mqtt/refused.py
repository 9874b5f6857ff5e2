import os
import paho.mqtt.client as mqtt

refused = []
client = mqtt.Client("till-8", protocol=int(os.environ["PROTOCOL"]))
client.on_connect = lambda client, _, flags, code, *more: refused.append(code)
client.username_pw_set("ada", "hunter2")
client.connect("127.0.0.1", int(os.environ["PORT"]))
while not refused:
    client.loop(5)
