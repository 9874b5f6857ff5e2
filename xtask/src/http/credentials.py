import os

import requests

url = os.environ["URL"]
session = requests.Session()
session.auth = ("ada", "hunter2")
session.cookies.set("sid", "0123456789abcdef")
session.headers["X-Api-Key"] = "k-123"
session.get(url + "/cookie", params={"access_token": "abc", "page": 2})
session.get(url + "/login", allow_redirects=False, headers={"Referer": "http://a.example/x?token=t1"})
session.auth = ("sk_live_abc", "")
session.get(url + "/index.html")
