"""A proxy that is itself spoken to over TLS, with certificate and key of this folder: prints its port, and serves one client."""
import socket
import ssl
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client = context.wrap_socket(listener.accept()[0], server_side=True)
head = b""
while b"\r\n\r\n" not in head:
    head += client.recv(4096)
host, port = head.split()[1].decode().split(":")
server = socket.create_connection((host, int(port)))
client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")


def pass_on(source, to):
    try:
        while piece := source.recv(65536):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass


threading.Thread(target=pass_on, args=(client, server)).start()
pass_on(server, client)
