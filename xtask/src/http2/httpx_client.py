import os

import httpx

URL = os.environ["URL"]


def keep_alive(client):
    for path in ("/index.html?q=1", "/users.json", "/missing", "/fail", "/", "/users.json"):
        yield client.get(URL + path, headers={"accept-encoding": "identity"})


def head(client):
    for method, path in (("HEAD", "/users.json"), ("GET", "/index.html"), ("HEAD", "/missing"), ("GET", "/index.html")):
        yield client.request(method, URL + path)


def gzip(client):
    for path in ("/users.json", "/three.txt", "/index.html"):
        yield client.get(URL + path)


def credentials(client):
    client.auth = ("ada", "hunter2")
    client.cookies.update({"session": "s3cr3t-session", "theme": "dark"})
    for path in ("/index.html?access_token=k-123", "/login", "/cookie", "/index.html?access_token=k-123"):
        yield client.get(URL + path, headers={"x-api-key": "k-123"})
    client.auth = ("eve", "hunter2")
    yield client.get(URL + "/fail")


def posts(client):
    for _ in range(2):
        yield client.post(URL + "/index.html", json={"user": "ada", "password": "hunter2"})
    yield client.post(URL + "/index.html", data={"user": "ada", "token": "k-123"})
    yield client.put(URL + "/users.json", content=b"\x00\x01\x02" * 100)
    yield client.post(URL + "/users.json", content=b"0123456789abcdef" * 200)
    yield client.get(URL + "/index.html")


with httpx.Client(http1=False, http2=True) as client:
    for response in globals()[os.environ["WHAT"]](client):
        print(response.status_code)
