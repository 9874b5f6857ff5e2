"""Makes calls of gRPC on many connections at once, and prints what each of them was asked and how it ended."""
import json
import sys
import threading

import grpc

address, connections, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ready = threading.Barrier(connections)


def told(method, request, rows, status):
    print(json.dumps({"method": method, "request": request, "rows": rows, "status": status}) + "\n", end="")


def work(name):
    # Channels to one address share a connection unless they are told not to.
    options = (("grpc.use_local_subchannel_pool", 1),)
    with grpc.insecure_channel(address, options) as channel:
        get = channel.unary_unary("/shop.v1.Orders/Get")
        list_all = channel.unary_stream("/shop.v1.Orders/List")
        grpc.channel_ready_future(channel).result()
        ready.wait()
        for call in range(1, calls + 1):
            get(b"\x08" + bytes([call]), metadata=(("authorization", "Bearer hunter2"),))
            told("Get", "{1: %d}" % call, 1, "OK")
        told("List", "{1: %d}" % (name + 1), len(list(list_all(b"\x08" + bytes([name + 1])))), "OK")
        try:
            get(b"")
        except grpc.RpcError as error:
            told("Get", "{}", 0, error.code().name)


threads = [threading.Thread(target=work, args=(name,)) for name in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
