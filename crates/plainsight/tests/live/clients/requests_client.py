"""Makes calls with requests on many connections at once, and prints which socket each was made on."""
import json
import os
import sys
import threading

import requests
import urllib3

urllib3.disable_warnings()
base, connections, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ready = threading.Barrier(connections)


def work(name):
    session = requests.Session()
    ready.wait()
    for call in range(calls):
        target = f"/small.txt?requests={name}&call={call}"
        with session.get(base + target, stream=True, verify=False) as answer:
            sock = answer.raw._connection.sock
            fd, port, status = sock.fileno(), sock.getsockname()[1], answer.status_code
            answer.content
        print(json.dumps({"pid": os.getpid(), "fd": fd, "port": port, "method": "GET", "target": target,
                          "status": status}) + "\n", end="")


threads = [threading.Thread(target=work, args=(name,)) for name in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
