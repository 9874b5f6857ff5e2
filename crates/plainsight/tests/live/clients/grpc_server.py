"""A server of gRPC on the port that it is given; says so in a line when it listens. Messages are bytes, as they are sent."""
import sys
from concurrent import futures

import grpc


def get(request, context):
    if request == b"":
        context.abort(grpc.StatusCode.NOT_FOUND, "no order: none")
    return b"\x0a\x0fada@example.com\x10" + request[1:2]


def list_all(request, context):
    for number in range(1, 4):
        yield b"\x08" + bytes([number])


handlers = {
    "Get": grpc.unary_unary_rpc_method_handler(get),
    "List": grpc.unary_stream_rpc_method_handler(list_all),
}
server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.v1.Orders", handlers),))
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
print("listening", flush=True)
server.wait_for_termination()
