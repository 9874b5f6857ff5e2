"""A server of the Model Context Protocol over standard input and output."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("weather", version="1.2")


@server.tool()
def forecast(city: str, days: int = 1, token: str = "") -> str:
    """The weather of a city."""
    if city == "Atlantis":
        raise ValueError("no such city")
    return f"It will rain in {city} for {days} days, and \u201ecats and dogs\u201c is what they say."


@server.tool()
def map(size: int) -> str:
    """A picture, so to speak."""
    return "0123456789abcdef" * size


@server.resource("weather://{city}")
def observed(city: str) -> str:
    return f"rain in {city}"


@server.prompt()
def ask(city: str) -> str:
    return f"Will it rain in {city}?"


server.run("stdio")
