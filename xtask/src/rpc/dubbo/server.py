"""A provider of dubbo-py's.

    server.py PORT
"""
import sys
import threading

from dubbo import long
from dubbo.codec.hessian2 import new_object
from dubbo.errors import DubboError
from dubbo.java_class import JavaList
from dubbo.server import DubboService


def find(number):
    if number > 1000:
        raise DubboError(70, f"no order {number}")
    return new_object("com.example.Order", number=long(number), price=2.5, email="ada@example.com", token="hunter2",
                      gift=False, note=None)


def several(count):
    return JavaList(f"customer {at}" for at in range(count))


def broken(*_):
    raise RuntimeError("it broke")


service = DubboService(int(sys.argv[1]), "shop", "2.6.5")
for method, handler in {
    "add": lambda a, b: a + b,
    "echo": lambda what: what,
    "find": find,
    "several": several,
    "half": lambda number: number / 2,
    "login": lambda user, password: "k-123",
    "place": lambda order: {"number": 7, "note": "by hand", "password": "hunter2"},
    "broken": broken,
    "nothing": "void",
}.items():
    service.add_method("com.example.Shop", method, handler)
service.start()
threading.Event().wait()
