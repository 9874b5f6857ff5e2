"""A shop's GraphQL over TLS; prints its port when it listens. The folder of its key is its argument."""

import asyncio
import socket
import sys

import strawberry
import uvicorn
from strawberry.asgi import GraphQL


@strawberry.type
class Order:
    id: strawberry.ID
    city: str


@strawberry.type
class Session:
    token: str


@strawberry.type
class Query:
    @strawberry.field
    def orders(self, first: int = 10, city: str | None = None) -> list[Order]:
        return [Order(id=strawberry.ID(str(n)), city=city or "London") for n in range(first)]

    @strawberry.field
    def order(self, id: strawberry.ID) -> Order:
        raise LookupError(f"no order {id}")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def login(self, user: str, password: str) -> Session:
        return Session(token=password)


async def main():
    app = GraphQL(strawberry.Schema(query=Query, mutation=Mutation))
    files = {"ssl_keyfile": f"{sys.argv[1]}/key.pem", "ssl_certfile": f"{sys.argv[1]}/cert.pem"}
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", **files))
    print(listening.getsockname()[1], flush=True)
    await server.serve(sockets=[listening])


asyncio.run(main())
