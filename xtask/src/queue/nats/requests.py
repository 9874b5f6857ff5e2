import asyncio
import os
import nats
from nats.errors import NoRespondersError


async def main():
    settings = {"user": "ada", "password": "tulip-cleartext"}
    url = f"nats://127.0.0.1:{os.environ['PORT']}"
    asking = await nats.connect(url, name="asking", **settings)
    serving = await nats.connect(url, name="serving", **settings)

    async def answer(message):
        await message.respond(b'{"price":42}')

    await serving.subscribe("price.*", cb=answer)
    await serving.flush()
    for name in ["tulip", "rose"]:
        await asking.request(f"price.{name}", b'{"for":"ada@example.com"}', timeout=5)
    try:
        await asking.request("nobody.there", b"hello?", timeout=5)
    except NoRespondersError:
        pass
    await asking.close()
    await serving.close()


asyncio.run(main())
