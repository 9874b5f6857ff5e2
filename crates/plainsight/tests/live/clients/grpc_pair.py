"""A gRPC server or client over TLS, whose BoringSSL stands inside of grpcio's own module.

    grpc_pair.py serve KEY CERTIFICATE                        prints its port, then for each call the client's port
    grpc_pair.py call PORT CERTIFICATE CONNECTIONS CALLS      prints for each call what it asked
"""
import concurrent.futures
import json
import os
import sys

import grpc


def tell(**truth):
    """In one piece, for many threads tell."""
    sys.stdout.write(json.dumps({"pid": os.getpid(), **truth}) + "\n")


def find(asked, context):
    tell(asked=asked.decode(), port=int(context.peer().rsplit(":", 1)[1]))
    return b"found " + asked


def serve(key, certificate):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    handler = grpc.unary_unary_rpc_method_handler(find)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("shop.Catalog", {"Find": handler})])
    credentials = grpc.ssl_server_credentials([(open(key, "rb").read(), open(certificate, "rb").read())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None).wait()


def call(port, certificate, name, calls):
    # Of channels that are alike gRPC makes one connection, unless it is told not to.
    options = [("grpc.use_local_subchannel_pool", 1)]
    credentials = grpc.ssl_channel_credentials(open(certificate, "rb").read())
    with grpc.secure_channel(f"localhost:{port}", credentials, options) as channel:
        ask = channel.unary_unary("/shop.Catalog/Find")
        for number in range(calls):
            asked = f"secret {name}.{number};"
            assert ask(asked.encode(), timeout=60) == b"found " + asked.encode()
            tell(asked=asked)


def call_all(port, certificate, connections, calls):
    with concurrent.futures.ThreadPoolExecutor(int(connections)) as pool:
        names = range(int(connections))
        list(pool.map(lambda name: call(port, certificate, name, int(calls)), names))


{"serve": serve, "call": call_all}[sys.argv[1]](*sys.argv[2:])
