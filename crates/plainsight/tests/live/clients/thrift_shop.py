"""A shop's interface, as a compiler of Thrift would write it, in less."""
from thrift.protocol.TBase import TBase, TExceptionBase
from thrift.Thrift import TApplicationException, TMessageType, TProcessor, TType

I32, I64, TEXT, BOOL, DOUBLE, BYTE, I16 = (
    TType.I32, TType.I64, TType.STRING, TType.BOOL, TType.DOUBLE, TType.BYTE, TType.I16)


def struct(name, *fields, base=TBase):
    """A struct of fields: number, type, name, and what the type holds."""
    spec = [None] * (max((field[0] for field in fields), default=0) + 1)
    for number, kind, called, *inside in fields:
        spec[number] = (number, kind, called, inside[0] if inside else ("UTF8" if kind == TEXT else None), None)

    def make(self, *values, **named):
        for (_, _, called, *_), value in zip(fields, values):
            setattr(self, called, value)
        for called, value in named.items():
            setattr(self, called, value)

    members = {"__slots__": [called for _, _, called, *_ in fields], "thrift_spec": tuple(spec), "__init__": make}
    # What is not set is not said.
    members["__getattr__"] = lambda self, called: None
    return type(name, (base,), members)


def of(made):
    return [made, made.thrift_spec]


Item = struct("Item", (1, TEXT, "name"), (2, DOUBLE, "price"), (3, BOOL, "sold"), (4, BYTE, "grade"), (5, I16, "left"))
Order = struct(
    "Order", (1, I64, "number"), (2, TType.LIST, "items", (TType.STRUCT, of(Item), False)),
    (3, TType.MAP, "notes", (TEXT, "UTF8", TEXT, "UTF8", False)), (4, TType.SET, "tags", (I32, None, False)),
    (15, BOOL, "gift"), (40, TEXT, "email"))
NotFound = struct("NotFound", (1, I32, "code"), (2, TEXT, "why"), base=TExceptionBase)

STRUCT = TType.STRUCT
# Each method with its arguments, its result, and the exceptions that it declares.
METHODS = {
    "ping": ([], None, []),
    "add": ([(1, I32, "a"), (2, I32, "b")], (I32, None), []),
    "place": ([(1, STRUCT, "order", of(Order))], (STRUCT, of(Order)), []),
    "find": ([(1, I64, "number")], (STRUCT, of(Order)), [(1, STRUCT, "missing", of(NotFound))]),
    "names": ([(1, I32, "count")], (TType.LIST, (TEXT, "UTF8", False)), []),
    "echo": ([(1, TEXT, "text")], (TEXT, "UTF8"), []),
    "blob": ([(1, TEXT, "bytes", "BINARY")], (TEXT, "BINARY"), []),
    "login": ([(1, TEXT, "user"), (2, TEXT, "password")], (TEXT, "UTF8"), []),
    "note": ([(1, TEXT, "text")], "oneway", []),
    "broken": ([], (I32, None), []),
}


def call(method):
    return struct(f"{method}_args", *METHODS[method][0])


def result(method):
    _, returns, raises = METHODS[method]
    success = [] if returns is None else [(0, returns[0], "success", returns[1])]
    return struct(f"{method}_result", *success, *raises)


class Client:
    """Asks by a protocol; `numbered` says whether calls have numbers of their own."""

    def __init__(self, protocol, numbered=False):
        self.protocol, self.numbered, self.number = protocol, numbered, 0

    def send(self, method, *values):
        self.number += self.numbered
        kind = TMessageType.ONEWAY if METHODS.get(method, ((), None))[1] == "oneway" else TMessageType.CALL
        self.protocol.writeMessageBegin(method, kind, self.number)
        (call(method) if method in METHODS else struct("none"))(*values).write(self.protocol)
        self.protocol.writeMessageEnd()
        self.protocol.trans.flush()
        return self.number

    def receive(self, method):
        _, kind, _ = self.protocol.readMessageBegin()
        if kind == TMessageType.EXCEPTION:
            failed = TApplicationException()
            failed.read(self.protocol)
            self.protocol.readMessageEnd()
            raise failed
        answer = result(method)()
        answer.read(self.protocol)
        self.protocol.readMessageEnd()
        if getattr(answer, "missing", None) is not None:
            raise answer.missing
        return getattr(answer, "success", None)

    def ask(self, method, *values):
        self.send(method, *values)
        return None if METHODS.get(method, ((), None))[1] == "oneway" else self.receive(method)


class Processor(TProcessor):
    """Answers what is asked."""

    def process(self, asked, answers):
        method, kind, number = asked.readMessageBegin()
        # The library's reader of the protocol without versions forgets that names are texts.
        method = method.decode() if isinstance(method, bytes) else method
        values = (call(method) if method in METHODS else struct("none"))()
        values.read(asked)
        asked.readMessageEnd()
        try:
            if method not in METHODS:
                raise TApplicationException(TApplicationException.UNKNOWN_METHOD, f"Unknown function {method}")
            told, sort = self.answer(method, values), TMessageType.REPLY
        except TApplicationException as failed:
            told, sort = failed, TMessageType.EXCEPTION
        if kind == TMessageType.ONEWAY:
            return True
        answers.writeMessageBegin(method, sort, number)
        told.write(answers)
        answers.writeMessageEnd()
        answers.trans.flush()
        return True

    def answer(self, method, values):
        made = result(method)
        if method == "add":
            return made(success=values.a + values.b)
        if method == "place":
            return made(success=values.order)
        if method == "find":
            if values.number > 1000:
                return made(missing=NotFound(404, f"no order {values.number}"))
            return made(success=Order(values.number, [Item("tea", 2.5, True, 1, -3)], email="ada@example.com"))
        if method == "names":
            return made(success=[f"customer {at}" for at in range(values.count)])
        if method == "echo":
            return made(success=values.text)
        if method == "blob":
            return made(success=values.bytes)
        if method == "login":
            return made(success="k-123")
        if method == "broken":
            raise TApplicationException(TApplicationException.INTERNAL_ERROR, "Internal error")
        return made()
