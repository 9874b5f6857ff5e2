"""Answers calls of HTTP with .NET's SslStream, a thread for each connection; says its port, ends with its input."""
import sys
import threading

import dotnet

dotnet.add("System.Net.Sockets", "System.Net.Security", "System.Security.Cryptography")
from System import Array, Byte  # noqa: E402
from System.IO import IOException  # noqa: E402
from System.Net import IPAddress  # noqa: E402
from System.Net.Security import SslStream  # noqa: E402
from System.Net.Sockets import TcpListener  # noqa: E402
from System.Security.Cryptography.X509Certificates import X509Certificate2  # noqa: E402

certificate = X509Certificate2.CreateFromPemFile("cert.pem", "key.pem")


def serve(client):
    tls = SslStream(client.GetStream(), False)
    tls.AuthenticateAsServerAsync(certificate).Wait()
    room, heard = Array.CreateInstance(Byte, 4096), b""
    try:
        while count := tls.ReadAsync(room, 0, room.Length).Result:
            heard += bytes(room)[:count]
            while b"\r\n\r\n" in heard:
                head, heard = heard.split(b"\r\n\r\n", 1)
                body = head.split(b" ")[1]
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
                tls.WriteAsync(Array[Byte](answer), 0, len(answer)).Wait()
    except IOException:
        pass  # the client went
    tls.Close()


def accept(door):
    while True:
        threading.Thread(target=serve, args=(door.AcceptTcpClient(),), daemon=True).start()


door = TcpListener(IPAddress.Loopback, 0)
door.Start(128)
threading.Thread(target=accept, args=(door,), daemon=True).start()
print(door.LocalEndpoint.Port, flush=True)
sys.stdin.read()
