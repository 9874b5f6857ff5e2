"""Makes calls on many connections of one event loop, whose TLS has a memory BIO and never sees the socket.

A port with a minus before it is spoken to in clear.
"""
import asyncio
import json
import os
import ssl
import sys

port, connections, calls = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
tls = context if port > 0 else None


async def work(name):
    reader, writer = await asyncio.open_connection("127.0.0.1", abs(port), ssl=tls)
    sock = writer.get_extra_info("socket")
    for call in range(calls):
        target = f"/small.txt?asyncio={name}&fd={sock.fileno()}&call={call}"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        print(json.dumps({"pid": os.getpid(), "fd": sock.fileno(), "port": sock.getsockname()[1], "method": "GET",
                          "target": target, "status": int(head.split()[1])}))
        await asyncio.sleep(0.001 * (name % 7))
    writer.close()


async def main():
    await asyncio.gather(*[work(name) for name in range(connections)])


if "uvloop" in sys.argv:
    import uvloop
    uvloop.install()
asyncio.run(main())
