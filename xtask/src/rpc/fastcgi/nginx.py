# Starts nginx before the program, asks it over connections that are kept, and stops it.
import http.client, os, subprocess, sys, tempfile, time
folder = tempfile.gettempdir() + "/plainsight-record-" + os.environ["SERVER_PORT"]
work = tempfile.mkdtemp()
import socket
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
KEEP = "fastcgi_keep_conn on;" if os.environ.get("LINES_TO_SAY", "keep") == "keep" else ""
with open(work + "/nginx.conf", "w") as file:
    file.write(f"""daemon off; user root; pid {work}/pid; error_log {work}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_buffer_size 256k; client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  upstream program {{ server 127.0.0.1:{os.environ["PORT"]}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      include /etc/nginx/fastcgi_params;
      fastcgi_split_path_info ^(/shop\\.php)(/.*)$;
      fastcgi_param SCRIPT_FILENAME {folder}/shop.php;
      fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_param SHOP_DB_PASSWORD tulip-cleartext;
      fastcgi_pass program; {KEEP}
    }}
    location = /nothing {{
      include /etc/nginx/fastcgi_params;
      fastcgi_pass program; {KEEP}
    }}
  }}
}}
""")
nginx = subprocess.Popen(["nginx", "-c", work + "/nginx.conf", "-e", work + "/error.log"])
while True:
    try:
        client = http.client.HTTPConnection("127.0.0.1", port)
        client.connect()
        break
    except ConnectionRefusedError:
        time.sleep(0.05)
def ask(method, path, body=None, fields={}):
    client.request(method, path, body, fields)
    answer = client.getresponse()
    answer.read()
    return answer.status
agent = {"User-Agent": "shop/1.0"}
asked = [
    ("GET", "/shop.php/orders?q=tea&access_token=hunter2", None, agent),
    ("POST", "/shop.php/orders", '{"item": "tea", "password": "hunter2"}', {"Content-Type": "application/json", **agent}),
    ("POST", "/shop.php/login", "user=ada&password=hunter2",
     {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic YWRhOmh1bnRlcjI=", **agent}),
    ("GET", "/shop.php/nowhere", None, {"Cookie": "sid=0123456789abcdef", **agent}),
    ("GET", "/shop.php/broken", None, agent),
    ("GET", "/shop.php/long", None, agent),
    ("POST", "/shop.php/early", "0123456789abcde\n" * 1500, {"Content-Type": "text/plain", **agent}),
    ("GET", "/nothing", None, agent),
]
if not KEEP:
    asked = asked[:1]
statuses = [ask(*words) for words in asked]
client.close()
nginx.terminate()
nginx.wait()
want = [200, 201, 302, 404, 500, 200, 200, 404][:len(asked)]
assert statuses == want, (statuses, open(work + "/error.log").read())
