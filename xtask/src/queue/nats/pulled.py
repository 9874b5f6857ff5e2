import asyncio
import os
import nats
from nats.errors import TimeoutError


async def main():
    shop = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}", user="ada", password="tulip-cleartext")
    stream = shop.jetstream()
    await stream.add_stream(name="ORDERS", subjects=["orders.>"])
    for number in range(5):
        await stream.publish("orders.new", b'{"order":%d}' % number)
    packers = await stream.pull_subscribe("orders.new", durable="packers", stream="ORDERS")
    for message in await packers.fetch(3, timeout=5):
        await message.ack()
    first, second = await packers.fetch(10, timeout=0.2)
    await first.nak()
    await second.term()
    await packers.fetch(1, timeout=5)
    try:
        await packers.fetch(1, timeout=0.2)
    except TimeoutError:
        pass
    await shop.flush()
    await shop.close()


asyncio.run(main())
