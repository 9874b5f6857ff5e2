"""A web server at an address of its own, and a client that asks a DNS server for a name and then the server that has it."""
import http.client
import http.server
import socket
import struct
import sys


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def resolve(name, port):
    """The last record of an answer, which is an address (RFC 1035, section 4)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack(">6H", 77, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(question, ("127.0.0.1", port))
        return socket.inet_ntoa(asking.recv(512)[-4:])


if sys.argv[1] == "serve":
    server = http.server.HTTPServer(("127.0.0.77", 0), Answer)
    print(server.server_port, flush=True)
    server.serve_forever()
name, dns, web = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
address = name if name[0].isdigit() else resolve(name, dns)
connection = http.client.HTTPConnection(address, web, timeout=5)
connection.request("GET", "/" + name)
assert connection.getresponse().status == 204
