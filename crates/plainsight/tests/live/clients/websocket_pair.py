"""WebSocket over TLS.

    websocket_pair.py serve FOLDER          prints its port; FOLDER has its key; it says again what it hears
    websocket_pair.py call URL CERTIFICATE  prints what both said
"""

import asyncio
import json
import os
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def talk(socket):
    async for message in socket:
        if message == "leave":
            await socket.close(4001, "as you wish")
        else:
            await socket.send(message)


async def serve_in(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    async with serve(talk, "127.0.0.1", 0, ssl=context) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


def tell(operation, speaker, statement=None, length=None, code=None):
    said = {"operation": operation, "from": speaker, "statement": statement, "bytes": length, "code": code}
    print(json.dumps({"pid": os.getpid(), **said}))


async def call(url, certificate):
    context = ssl.create_default_context(cafile=certificate)
    async with connect(url.replace("https", "wss") + "/orders", ssl=context) as socket:
        for message in ("first", "first and again", "rain in London, " * 500, bytes(range(256)) * 8, "leave"):
            await socket.send(message)
            text = message if isinstance(message, str) else None
            length = len(message)
            tell("text" if text else "binary", "client", text, length)
            if message != "leave":
                assert await socket.recv() == message
                tell("text" if text else "binary", "server", text, length)
        await socket.wait_closed()
        tell("close", "server", None, 13, "4001")
        tell("close", "client", None, 13, "4001")


asyncio.run({"serve": serve_in, "call": call}[sys.argv[1]](*sys.argv[2:]))
