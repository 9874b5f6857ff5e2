"""Makes calls with aiohttp on many connections of one event loop."""
import asyncio
import json
import os
import sys

import aiohttp

base, connections, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
WHAT = [("GET", "/small.txt", b""), ("GET", "/missing", b""), ("POST", "/post", b"x" * 3000), ("HEAD", "/small.txt", b"")]


async def work(name):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        for call in range(calls):
            method, path, body = WHAT[(name + call) % len(WHAT)]
            target = f"{path}?aiohttp={name}&call={call}"
            async with session.request(method, base + target, data=body or None) as answer:
                # An answer that came whole has given its connection back already.
                sock = next(iter(session.connector._conns.values()), [[None]])[0][0] if not answer.connection else None
                transport = answer.connection.transport if answer.connection else sock.transport
                sock = transport.get_extra_info("socket")
                fd, port = sock.fileno(), sock.getsockname()[1]
                await answer.read()
            print(json.dumps({"pid": os.getpid(), "fd": fd, "port": port, "method": method, "target": target,
                              "status": answer.status}))


async def main():
    await asyncio.gather(*[work(name) for name in range(connections)])


asyncio.run(main())
