"""What programs pay for being watched inside their TLS: bare, by Plainsight, and by a bpftrace one-liner at the exports."""

import contextlib
import subprocess
import tempfile
import time
from pathlib import Path

import live
import measure
import servers
from report import Row

ROUNDS = 7
# Calls of one run of each load.
CALLS = 10_000
# Connections at once.
CLIENTS = 4
# A one-liner that is not ready by then has failed.
READY_WITHIN = 30

# What people type to see inside TLS. That it is ready is told once all its hooks are set.
ONE_LINER = """
uprobe:{lib}:SSL_write {{ printf("%d %s\\n", pid, str(arg1, arg2)); }}
uprobe:{lib}:SSL_read {{ @buffer[tid] = arg1; }}
uretprobe:{lib}:SSL_read /@buffer[tid]/ {{ printf("%d %s\\n", pid, str(@buffer[tid], retval)); delete(@buffer[tid]); }}
interval:ms:100 {{ printf("ready\\n"); }}
"""


def run(plainsight, _cache):
    """Servers of three kinds, each over TLS."""
    if live.without_privilege():
        return
    with live.on_one_processor(), servers.nginx("", [("small", 1 << 10), ("large", 16 << 10)]) as (_, port, worker):
        for name, what in (("small", "1 KiB"), ("large", "16 KiB")):
            url = f"https://127.0.0.1:{port}/files/{name}"
            load = ["ab", "-k", "-q", "-n", str(CALLS), "-c", str(CLIENTS), url]
            yield from beside(f"nginx HTTPS, {what}", plainsight, port, worker, load)
    with live.on_one_processor(), servers.redis() as (port, pid):
        load = ["redis-benchmark", "--tls", "--insecure", "-p", str(port), "-q", "-t", "get"]
        load += ["-n", str(CALLS), "-c", str(CLIENTS)]
        yield from beside("Redis over TLS, GET", plainsight, port, pid, load)
    with live.on_one_processor(), servers.mariadb() as (port, pid):
        load = ["mariadb-slap", "--no-defaults", "--host=127.0.0.1", f"--port={port}", "--user=bench", "--ssl"]
        load += ["--skip-ssl-verify-server-cert", "--create-schema=bench", "--query=SELECT 1", "--no-drop"]
        load += [f"--concurrency={CLIENTS}", f"--number-of-queries={CALLS}"]
        yield from beside("MariaDB over TLS, mariadb-slap", plainsight, port, pid, load)


def beside(what, plainsight, port, pid, load):
    """The CPU of a call, at server and client, in the three ways, in alternating rounds."""
    def by_plainsight():
        watching = live.Watching(plainsight, "--port", port)
        try:
            return both(pid, load)
        finally:
            watching.end()

    def by_bpftrace():
        with bpftrace():
            return both(pid, load)

    both(pid, load)
    figures = measure.alternate(ROUNDS, {
        "bare": lambda: both(pid, load),
        "plainsight": by_plainsight,
        "bpftrace": by_bpftrace,
    })
    each = measure.median(figures["bare"]) / CALLS * 1e6
    times, others = (measure.ratio(figures[name], figures["bare"]) for name in ("plainsight", "bpftrace"))
    yield Row.at_most(f"{what}: CPU of a call at both ends, of bare {each:.1f} us", f"bpftrace {others:.2f} x", times, 1.5, "x")
    added, others = (measure.difference(figures[name], figures["bare"]) for name in ("plainsight", "bpftrace"))
    amounts = f"bpftrace {others / CALLS * 1e6:+.1f} us, here {added / CALLS * 1e6:+.1f} us"
    yield Row.at_most(f"{what}: what is added, of what bpftrace adds", amounts, added / others, 0.5, "x")


def both(pid, load):
    """
    The CPU seconds of one run of a load, at both ends: a connection is read at one of them, whichever that is, and a figure of the
    server alone would be none where that is the client. The server's threads stay when a client goes.
    """
    before = measure.spent(pid)
    client = measure.cpu(load)
    return client + measure.spent(pid) - before


@contextlib.contextmanager
def bpftrace():
    """The one-liner watches until the block ends; what it prints goes to a file, as a shell would have it."""
    with tempfile.TemporaryDirectory(prefix="plainsight-bench.") as folder:
        told = Path(folder) / "told"
        with told.open("wb") as to:
            command = ["bpftrace", "-e", ONE_LINER.format(lib=live.LIBSSL)]
            process = subprocess.Popen(command, stdout=to, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + READY_WITHIN
            while b"ready\n" not in told.read_bytes():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("bpftrace does not watch here")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait()
