import os, sys
from mcp.server.mcpserver import MCPServer

server = MCPServer("weather", version="1.2")


@server.tool()
def forecast(city: str, days: int = 1, token: str = "") -> str:
    """The weather of a city."""
    if city == "Atlantis":
        raise ValueError("no such city")
    return f"It will rain in {city} for {days} days, and \u201ecats and dogs\u201c is what they say."


@server.resource("weather://{city}")
def observed(city: str) -> str:
    return f"rain in {city}"


@server.prompt()
def ask(city: str) -> str:
    return f"Will it rain in {city}?"


more = {"json_response": True} if "json" in sys.argv else {}
server.run(sys.argv[1], host="127.0.0.1", port=int(os.environ["PORT"]), **more)
