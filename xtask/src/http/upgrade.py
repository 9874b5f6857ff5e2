import asyncio
import os

import aiohttp


async def main():
    async with aiohttp.ClientSession() as session, session.ws_connect(os.environ["URL"] + "/socket") as wire:
        await wire.send_str("hi")
        await wire.receive()


asyncio.run(main())
