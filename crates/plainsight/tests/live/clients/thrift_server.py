"""Apache's own server for Python: `header` takes every framing and protocol, `old` the binary protocol without frames.

    server.py PORT header|old [CERTIFICATE KEY]
"""
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.protocol.THeaderProtocol import THeaderProtocolFactory
from thrift.server.TServer import TThreadedServer
from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.transport import TSocket, TSSLSocket, TTransport
from thrift.transport.THeaderTransport import THeaderClientType

from thrift_shop import Processor

port, kind, *keys = sys.argv[1:]
if keys:
    place = TSSLSocket.TSSLServerSocket("127.0.0.1", int(port), certfile=keys[0], keyfile=keys[1])
else:
    place = TSocket.TServerSocket("127.0.0.1", int(port))
if kind == "header":
    # Frames and protocols are told apart by their first bytes.
    transport, protocol = TTransport.TTransportFactoryBase(), THeaderProtocolFactory(tuple(
        getattr(THeaderClientType, name) for name in vars(THeaderClientType) if name.isupper()))
else:
    transport, protocol = TTransport.TBufferedTransportFactory(), TBinaryProtocolFactory(strictRead=False, strictWrite=False)
processor = Processor()
if kind == "header":
    # In 0.17 it takes no names of the binary protocol without versions.
    processor = TMultiplexedProcessor()
    processor.registerProcessor("Shop", Processor())
    processor.registerDefault(Processor())
server = TThreadedServer(processor, place, transport, protocol, daemon=True)
print("listening", flush=True)
server.serve()
