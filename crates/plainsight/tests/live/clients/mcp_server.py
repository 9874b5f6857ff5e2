"""A server of the Model Context Protocol over TLS; prints its port when it listens. The folder of its key is its argument."""

import asyncio
import socket
import sys

import uvicorn
from mcp.server.mcpserver import MCPServer

server = MCPServer("weather", version="1.2")


@server.tool()
def forecast(city: str, token: str = "") -> str:
    """The weather of a city."""
    if city == "Atlantis":
        raise ValueError("no such city")
    return f"It will rain in {city}."


@server.resource("weather://{city}")
def observed(city: str) -> str:
    return f"rain in {city}"


async def main():
    files = {"ssl_keyfile": f"{sys.argv[1]}/key.pem", "ssl_certfile": f"{sys.argv[1]}/cert.pem"}
    listening = socket.create_server(("127.0.0.1", 0))
    # Without sessions no client waits for what the server may ask: each call is alone on its connection.
    app = server.streamable_http_app(stateless_http=True)
    serving = uvicorn.Server(uvicorn.Config(app, log_level="critical", **files))
    print(listening.getsockname()[1], flush=True)
    await serving.serve(sockets=[listening])


asyncio.run(main())
