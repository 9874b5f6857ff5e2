"""Asks a server of the Model Context Protocol; prints what it asked and got."""

import json
import os
import sys

url, os.environ["SSL_CERT_FILE"] = sys.argv[1:]

import anyio
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


def tell(operation, target=None, parameters=(), text=None, error=None):
    said = {"operation": operation, "target": target, "parameters": list(parameters), "text": text, "error": error}
    print(json.dumps({"pid": os.getpid(), **said}))


async def call(session, city, **secret):
    got = await session.call_tool("forecast", {"city": city, **secret})
    parameters = [f"city: {json.dumps(city)}", *(f'{name}: "***"' for name in secret)]
    tell("tools/call", "forecast", parameters, got.content[0].text, "isError" if got.is_error else None)


async def main():
    async with streamable_http_client(url + "/mcp") as streams, ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        tell("initialize")
        tell("notifications/initialized")
        await session.list_tools()
        tell("tools/list")
        await call(session, "London", token="hunter2")
        await call(session, "Atlantis")
        read = await session.read_resource("weather://London")
        tell("resources/read", "weather://London", (), read.contents[0].text)


anyio.run(main)
