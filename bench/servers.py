"""Real servers for the benches, each in a folder of its own, on a free port of the loopback, gone with the bench."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# A server that does not answer for so long has failed.
STARTED_WITHIN = 60

NGINX = """
daemon off; worker_processes 1; pid {here}/nginx.pid; error_log {here}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000; default_type application/json;
  client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl;
    ssl_certificate {here}/cert.pem; ssl_certificate_key {here}/key.pem;
    location / {{ return 200 '{body}'; }}
    location /files/ {{ alias {here}/files/; }}
  }}
}}
"""

PGBOUNCER = """
[databases]
bench = host=127.0.0.1 port={server} dbname=bench user=bench
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = session
unix_socket_dir =
logfile = {here}/pgbouncer.log
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def folder(owner=None):
    """A folder that is gone afterwards."""
    here = Path(tempfile.mkdtemp(prefix="plainsight-bench."))
    here.chmod(0o755)
    if owner:
        shutil.chown(here, owner)
    try:
        yield here
    finally:
        shutil.rmtree(here, ignore_errors=True)


@contextlib.contextmanager
def running(command, ready, **options):
    """A server that runs, from the moment `ready` answers without an error until the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        until = time.monotonic() + STARTED_WITHIN
        while True:
            try:
                ready()
                break
            except (OSError, subprocess.CalledProcessError):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command[0]} did not start") from None
                time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait()


def listens(port):
    """A question whether something listens on `port`."""
    return lambda: socket.create_connection(("127.0.0.1", port), 1).close()


def certificate(here):
    """A key and a self-signed certificate in `here`."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    subprocess.run([*command, "-keyout", here / "key.pem", "-out", here / "cert.pem"], check=True, capture_output=True)
    (here / "key.pem").chmod(0o600)


def as_postgres():
    """PostgreSQL refuses to run as root: what to put before its commands."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgres:
    """A PostgreSQL server with pgbench's tables."""

    def __init__(self, process, port, binaries):
        self.pid = process.pid
        self.port = port
        self.binaries = binaries

    def pgbench(self, *options, port=None, tls=False):
        """The command of one run of pgbench, and its environment."""
        here = ["-h", "127.0.0.1", "-p", str(port or self.port), "-U", "bench", "-n", *options, "bench"]
        return ["pgbench", *here], {**os.environ, "PGSSLMODE": "require" if tls else "disable"}

    def sql(self, statement):
        address = f"host=127.0.0.1 port={self.port} user=bench dbname=bench"
        subprocess.run(["psql", "-qAt", address, "-c", statement], check=True, capture_output=True)


@contextlib.contextmanager
def postgres(*settings):
    """PostgreSQL with these settings, TLS ready, and the tables of pgbench in it."""
    binaries = max(Path("/usr/lib/postgresql").iterdir(), key=lambda path: int(path.name)) / "bin"
    with folder("postgres" if os.geteuid() == 0 else None) as here:
        certificate(here)
        for name in ("key.pem", "cert.pem"):
            if os.geteuid() == 0:
                shutil.chown(here / name, "postgres", "postgres")
        data, port = here / "data", free_port()
        initdb = [*as_postgres(), binaries / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True)
        given = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=200"]
        given += ["ssl=on", f"ssl_cert_file={here}/cert.pem", f"ssl_key_file={here}/key.pem"]
        given += ["shared_buffers=128MB", "jit=off", "autovacuum=off", *settings]
        options = [word for setting in given for word in ("-c", setting)]
        command = [*as_postgres(), binaries / "postgres", "-D", data, "-p", str(port), *options]
        environment = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "bench"}

        def ready():
            subprocess.run(["psql", "-qAt", "-d", "postgres", "-c", "select 1"], check=True, capture_output=True, env=environment)

        with running(command, ready, cwd=here) as process:
            server = Postgres(process, port, binaries)
            subprocess.run(["createdb", "bench"], check=True, env=environment)
            subprocess.run(["pgbench", "-i", "-q", "-s", "1", "bench"], check=True, capture_output=True, env=environment)
            yield server


@contextlib.contextmanager
def nginx(body, files=()):
    """
    nginx, answering everything with `body`, its variables filled in, and `/files/NAME` with a file of so many bytes: its plain
    port, its TLS port, its worker's pid.
    """
    with folder() as here:
        certificate(here)
        (here / "files").mkdir()
        for name, length in files:
            (here / "files" / name).write_bytes(b"x" * length)
        plain, tls = free_port(), free_port()
        (here / "nginx.conf").write_text(NGINX.format(here=here, plain=plain, tls=tls, body=body))

        def workers(process):
            return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

        with running(["nginx", "-c", here / "nginx.conf"], listens(tls)) as process:
            # The master listens before its worker is there.
            while not (pids := workers(process)):
                pass
            yield plain, tls, int(pids[0])


@contextlib.contextmanager
def pgbouncer(server):
    """pgbouncer in front of a PostgreSQL server: its port and its pid."""
    with folder("postgres" if os.geteuid() == 0 else None) as here:
        port = free_port()
        (here / "pgbouncer.ini").write_text(PGBOUNCER.format(here=here, port=port, server=server.port))
        with running([*as_postgres(), "pgbouncer", here / "pgbouncer.ini"], listens(port)) as process:
            yield port, process.pid


@contextlib.contextmanager
def redis():
    """Redis with TLS alone: its port and its pid."""
    with folder() as here:
        certificate(here)
        port = free_port()
        command = ["redis-server", "--bind", "127.0.0.1", "--port", "0", "--tls-port", str(port), "--save", ""]
        command += ["--tls-cert-file", here / "cert.pem", "--tls-key-file", here / "key.pem"]
        command += ["--tls-ca-cert-file", here / "cert.pem", "--tls-auth-clients", "no"]
        with running(command, listens(port), cwd=here) as process:
            yield port, process.pid


@contextlib.contextmanager
def mariadb():
    """MariaDB with TLS ready, whose user `bench` has no password: its port and its pid."""
    with folder("mysql" if os.geteuid() == 0 else None) as here:
        certificate(here)
        data, socket_path, port = here / "data", here / "socket", free_port()
        install = ["mariadb-install-db", "--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]
        subprocess.run([*install, f"--datadir={data}"], check=True, capture_output=True)
        owner = []
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "mysql:mysql", here], check=True)
            owner = ["setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups"]
        command = [*owner, "mariadbd", "--no-defaults", "--bind-address=127.0.0.1", f"--port={port}", f"--datadir={data}"]
        command += [f"--socket={socket_path}", f"--ssl-cert={here}/cert.pem", f"--ssl-key={here}/key.pem"]
        root = ["mariadb", "--no-defaults", "-u", "root", f"--socket={socket_path}", "-e"]

        def ready():
            subprocess.run([*root, "SELECT 1"], check=True, capture_output=True)

        with running(command, ready, cwd=here) as process:
            grant = "CREATE USER bench@'127.0.0.1'; CREATE DATABASE bench; GRANT ALL ON *.* TO bench@'127.0.0.1'"
            subprocess.run([*root, grant], check=True, capture_output=True)
            yield port, process.pid
