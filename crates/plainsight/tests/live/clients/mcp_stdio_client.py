"""Starts a server of the Model Context Protocol and asks it over its standard input and output; prints what it asked and got."""

import json
import os
import sys

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


def tell(operation, target=None, parameters=(), text=None, error=None):
    said = {"operation": operation, "target": target, "parameters": list(parameters), "text": text, "error": error}
    print(json.dumps({"pid": os.getpid(), **said}))


async def call(session, tool, shown, **arguments):
    got = await session.call_tool(tool, arguments)
    parameters = [f"{name}: {json.dumps(shown.get(name, value))}" for name, value in arguments.items()]
    tell("tools/call", tool, parameters, got.content[0].text, "isError" if got.is_error else None)


async def main():
    command, *arguments = sys.argv[1:]
    server = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        tell("initialize")
        tell("notifications/initialized")
        await session.list_tools()
        tell("tools/list")
        await call(session, "forecast", {"token": "***"}, city="London", days=2, token="hunter2")
        await call(session, "forecast", {}, city="Atlantis")
        await call(session, "map", {}, size=12500)
        read = await session.read_resource("weather://London")
        tell("resources/read", "weather://London", (), read.contents[0].text)
        got = await session.get_prompt("ask", {"city": "Paris"})
        tell("prompts/get", "ask", ['city: "Paris"'], got.messages[0].content.text)
        try:
            await session.get_prompt("nothing")
        except Exception as error:
            tell("prompts/get", "nothing", (), None, str(error.error.code))
        await session.send_ping()
        tell("ping")


anyio.run(main)
