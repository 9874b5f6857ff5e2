import sys
import threading
from concurrent import futures

import grpc

shop, services = grpc.protos_and_services("shop.proto")


def order(number):
    lines = [shop.Line(article="A-%d" % at, count=at, price=1.5 * at) for at in (1, 2)]
    return shop.Order(id=number, customer="ada@example.com", lines=lines, photo=b"\xff\xd8\xff\xe0", paid=True)


class Orders(services.OrdersServicer):
    def Get(self, request, context):
        context.set_trailing_metadata((("x-served-by", "one"), ("x-session-token", "s3cr3t-session")))
        if request.id == 0:
            context.abort(grpc.StatusCode.NOT_FOUND, "no order 0: gr\u00fcn, 100%")
        return order(request.id)

    def List(self, request, context):
        for number in range(1, 7):
            yield order(number)

    def Add(self, requests, context):
        return shop.Order(id=sum(line.count for line in requests))

    def Chat(self, requests, context):
        yield from requests

    def Wait(self, request, context):
        over = threading.Event()
        context.add_callback(over.set)
        over.wait()
        return order(1)


class Accounts(services.AccountsServicer):
    def Login(self, request, context):
        return shop.Session(token="k-123")


class NoMissing(grpc.ServerInterceptor):
    def intercept_service(self, go_on, call):
        return None if call.method.endswith("/Missing") else go_on(call)


server = grpc.server(futures.ThreadPoolExecutor(4), interceptors=[NoMissing()])
services.add_OrdersServicer_to_server(Orders(), server)
services.add_AccountsServicer_to_server(Accounts(), server)
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
server.wait_for_termination()
