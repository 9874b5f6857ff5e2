# A program of flup's that takes several requests at a time on a connection.
import sys, threading
from flup.server.fcgi import WSGIServer
both = threading.Barrier(2, timeout=20)
def program(environ, start):
    path = environ.get("PATH_INFO", "")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if path.startswith("/both"):
        both.wait()
    if path == "/fails":
        raise RuntimeError("it broke")
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"you asked for " + path.encode() + b" with " + str(len(body)).encode() + b" bytes\n"]
WSGIServer(program, multiplexed=True, debug=False, bindAddress=("127.0.0.1", int(sys.argv[1]))).run()
