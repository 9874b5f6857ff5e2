import asyncio, os, sys
from websockets.asyncio.client import connect


async def main():
    compression = None if "plain" in sys.argv else "deflate"
    async with connect("ws://" + os.environ["ADDRESS"] + "/orders?token=hunter2", compression=compression) as socket:
        for message in ('{"order": 1, "password": "hunter2"}', '{"order": 2, "city": "London"}', "gr\u00fcn " * 200, bytes(range(256)) * 2, ""):
            await socket.send(message)
            await socket.recv()
        await socket.send(["in three", " ", "pieces"])
        await socket.recv()
        await (await socket.ping(b"are you there"))
        await socket.send("leave")
        await socket.wait_closed()


asyncio.run(main())
