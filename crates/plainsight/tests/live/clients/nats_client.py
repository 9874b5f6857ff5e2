"""Speaks to NATS: URL CERTIFICATE-or-nothing ROUNDS."""

import asyncio
import ssl
import sys

import nats
from nats.errors import NoRespondersError
from nats.js.errors import NotFoundError

url, rounds = sys.argv[1], int(sys.argv[3])
settings = {"user": "ada", "password": "hunter2"}
if sys.argv[2]:
    settings["tls"] = ssl.create_default_context(cafile=sys.argv[2])


async def main():
    asking = await nats.connect(url, name="asking", **settings)
    serving = await nats.connect(url, name="serving", **settings)

    async def answer(message):
        await message.respond(b'{"seen":"%b"}' % message.data)

    await serving.subscribe("price.*", cb=answer)
    await serving.flush()
    for turn in range(rounds):
        await asking.request(f"price.{turn % 7}", b"user%d@example.com" % turn, timeout=30)
    try:
        await asking.request("nobody", b"hello?", timeout=30)
    except NoRespondersError:
        pass
    stream = asking.jetstream()
    await stream.add_stream(name="SHOP", subjects=["orders.>"])
    for turn in range(rounds):
        await stream.publish("orders.new", b'{"email":"user%d@example.com"}' % turn, headers={"turn": str(turn)})
    pulled = await stream.pull_subscribe("orders.new", durable="packers", stream="SHOP")
    for message in await pulled.fetch(rounds, timeout=30):
        await message.ack_sync(30)
    try:
        await stream.stream_info("NOTHING")
    except NotFoundError:
        pass
    await asking.close()
    await serving.close()


asyncio.run(main())
