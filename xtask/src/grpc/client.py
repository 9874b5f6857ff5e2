import os

import grpc

shop, services = grpc.protos_and_services("shop.proto")
wanted = shop.Wanted(id=42, customer="ada")


def errors(call):
    try:
        call()
    except grpc.RpcError as error:
        print(error.code())


def unary(orders):
    metadata = (("authorization", "Bearer hunter2"), ("x-tenant", "blue"))
    for _ in range(3):
        print(orders.Get(wanted, timeout=5, metadata=metadata).customer)
    errors(lambda: orders.Get(shop.Wanted(id=0)))
    errors(lambda: orders.Get(shop.Wanted(id=0)))
    errors(lambda: orders.Missing(wanted))
    print(orders.Get(wanted, timeout=5, metadata=metadata).customer)


def streams(orders):
    print(len(list(orders.List(wanted))))
    lines = [shop.Line(article="B-%d" % at, count=at) for at in range(1, 7)]
    print(orders.Add(iter(lines)).id)
    print(len(list(orders.Chat(iter(lines[:3])))))
    errors(lambda: orders.Wait(wanted, timeout=0.2))
    call = orders.List(wanted)
    next(call)
    call.cancel()
    print(orders.Get(wanted).customer)


def gzip(orders):
    long = shop.Wanted(id=7, customer="a long name, " * 20)
    print(orders.Get(long, compression=grpc.Compression.Gzip).customer)


def login(accounts):
    print(accounts.Login(shop.Credentials(user="ada", password="hunter2")).token)


with grpc.insecure_channel(os.environ["ADDRESS"]) as channel:
    what = os.environ["WHAT"]
    orders, accounts = services.OrdersStub(channel), services.AccountsStub(channel)
    {"unary": unary, "streams": streams, "gzip": gzip}[what](orders) if what != "login" else login(accounts)
