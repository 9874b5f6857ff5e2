import asyncio
import os
import nats
from nats.js.errors import NotFoundError, APIError


async def main():
    shop = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}", user="ada", password="tulip-cleartext")
    stream = shop.jetstream()
    await stream.add_stream(name="ORDERS", subjects=["orders.>"])
    await stream.publish("orders.new", b'{"order":1}')
    await stream.publish("orders.new", b'{"order":2}', headers={"Nats-Msg-Id": "2"})
    for wrong in [stream.stream_info("NOTHING"), stream.publish("orders.new", b"x", headers={"Nats-Expected-Last-Sequence": "9"})]:
        try:
            await wrong
        except (NotFoundError, APIError):
            pass
    await stream.stream_info("ORDERS")
    await stream.get_msg("ORDERS", 1)
    await stream.delete_msg("ORDERS", 1)
    pushed = await stream.subscribe("orders.new", stream="ORDERS", durable="packers")
    message = await pushed.next_msg(5)
    await message.ack_sync(5)
    await pushed.unsubscribe()
    await stream.delete_consumer("ORDERS", "packers")
    await stream.purge_stream("ORDERS")
    await stream.delete_stream("ORDERS")
    await shop.close()


asyncio.run(main())
