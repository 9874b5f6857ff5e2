"""Makes calls with .NET's HttpClient, many at once: its TLS works in memory, and threads of its pool receive and decrypt.

It knows no socket: the server's log does."""
import json
import os
import sys

import dotnet

port, connections, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dotnet.add("System.Net.Http", "System.Net.Security", "System.Collections")
from System.Collections.Generic import List  # noqa: E402
from System.Net.Http import HttpClient, HttpClientHandler  # noqa: E402
from System.Threading.Tasks import Task  # noqa: E402

handler = HttpClientHandler()
handler.MaxConnectionsPerServer = connections
handler.ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator
client = HttpClient(handler)
for call in range(calls):
    answers = List[Task]()
    targets = [f"/small.txt?dotnet={name}&call={call}" for name in range(connections)]
    for target in targets:
        answers.Add(client.GetStringAsync(f"https://127.0.0.1:{port}{target}"))
    Task.WhenAll(answers).Wait()
    for target in targets:
        print(json.dumps({"pid": os.getpid(), "target": target}))
