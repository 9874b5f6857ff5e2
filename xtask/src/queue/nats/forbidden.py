import asyncio
import os
import nats


async def main():
    told = asyncio.Queue()
    shop = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}", user="ada", password="tulip-cleartext", error_cb=told.put)
    await shop.publish("vault.keys", b"mine")
    await told.get()
    await shop.subscribe("vault.*")
    await told.get()
    await shop.publish("orders.new", b"yours")
    await shop.flush()
    await shop.close()


asyncio.run(main())
