import asyncio, os, sys
from websockets.asyncio.server import serve


async def talk(socket):
    async for message in socket:
        if message == "leave":
            await socket.close(4001, "as you wish")
        else:
            await socket.send(message)


async def main():
    compression = None if "plain" in sys.argv else "deflate"
    async with serve(talk, "127.0.0.1", int(os.environ["PORT"]), compression=compression):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
