import anyio, os, sys
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client


async def main():
    url = os.environ["URL"]
    transport = sse_client(url + "/sse") if sys.argv[1] == "sse" else streamable_http_client(url + "/mcp")
    async with transport as streams, ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        await session.list_tools()
        await session.call_tool("forecast", {"city": "London", "days": 2, "token": "hunter2"})
        await session.call_tool("forecast", {"city": "Atlantis"})
        await session.read_resource("weather://London")
        await session.get_prompt("ask", {"city": "Paris"})
        try:
            await session.get_prompt("nothing")
        except Exception:
            pass
        await session.send_ping()


anyio.run(main)
