import asyncio
import os
import nats


async def main():
    shop = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}", user="ada", password="tulip-cleartext", name="till-7")
    orders = await shop.subscribe("orders.*", queue="packers")
    await shop.publish("orders.new", b'{"order":1,"email":"ada@example.com"}')
    await orders.next_msg(5)
    await shop.publish("orders.new", b"", headers={"trace": "00-4bf92f", "Authorization": "Bearer hunter2"})
    await orders.next_msg(5)
    await shop.publish("orders.big", b"0123456789abcdef" * 5000)
    await orders.next_msg(5)
    await orders.unsubscribe(limit=4)
    await shop.publish("orders.last", b"bye")
    await orders.next_msg(5)
    await shop.flush()
    await shop.close()


asyncio.run(main())
