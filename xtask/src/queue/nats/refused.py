import asyncio
import os
import nats
from nats.errors import Error


async def ignore(_):
    pass


async def main():
    try:
        await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}", user="ada", password="hunter2", allow_reconnect=False, error_cb=ignore)
    except Error:
        pass


asyncio.run(main())
