"""Calls a web server over TLS on connections of one event loop, whose TLS works in memory: `loop.py PORT PATH CALLS CLIENTS`."""

import asyncio
import ssl
import sys

port, path, calls, clients = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def work():
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    for _ in range(calls // clients):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    writer.close()


async def main():
    await asyncio.gather(*[work() for _ in range(clients)])


asyncio.run(main())
