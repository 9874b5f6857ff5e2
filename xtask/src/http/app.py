import asyncio
import json
import sys
import zlib

from aiohttp import web

PEOPLE = json.dumps([{"id": i, "city": "Lisbon", "email": f"p{i}@example.org"} for i in range(40)]).encode()


def coded(coding, code):
    async def answer(request):
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        return web.Response(body=code(PEOPLE), headers=headers)

    return answer


def brotli(content):
    import brotli

    return brotli.compress(content)


def zstd(content):
    import zstandard

    return zstandard.compress(content)


async def chunks(request):
    stream = web.StreamResponse(headers={"Content-Type": "text/plain"})
    stream.enable_chunked_encoding()
    await stream.prepare(request)
    for i in range(3):
        await stream.write(f"part {i}\n".encode())
        await asyncio.sleep(0.02)
    await stream.write_eof()
    return stream


async def echo(request):
    return web.json_response({"got": len(await request.read())})


async def socket(request):
    wire = web.WebSocketResponse()
    await wire.prepare(request)
    async for message in wire:
        await wire.send_str("echo " + message.data)
    return wire


app = web.Application()
app.add_routes([web.get("/br", coded("br", brotli)), web.get("/zstd", coded("zstd", zstd))])
app.add_routes([web.get("/deflate", coded("deflate", zlib.compress)), web.get("/chunks", chunks)])
app.add_routes([web.post("/echo", echo), web.get("/socket", socket)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
