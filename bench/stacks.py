"""
What programs pay for being watched inside their TLS: bare, by Plainsight, and by a bpftrace one-liner at the exports; with the
agent in Java; and when somebody else is watched.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import live
import measure
import servers
from report import Row, number

ROUNDS = 5
# Calls of one run of each load.
CALLS = 10_000
# Connections at once.
CLIENTS = 4
# Debian's own, whose TLS is the library that the one-liner hooks.
PYTHON = "/usr/bin/python3"
# Calls after which Java has compiled what it runs.
WARM = 30_000
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
    """Servers of three kinds, each over TLS; sessions in memory; Java; and who is not watched."""
    if live.without_privilege():
        return
    with live.on_one_processor(), servers.nginx("", [("small", 1 << 10), ("large", 16 << 10)]) as (_, port, worker):
        for name, what in (("small", "1 KiB"), ("large", "16 KiB")):
            yield from beside(f"nginx HTTPS, {what}", plainsight, port, worker, ab(port, name))
        loop = [PYTHON, Path(__file__).with_name("loop.py"), str(port), "/files/small", str(CALLS), str(CLIENTS)]
        yield from beside("asyncio, TLS in memory, 1 KiB", plainsight, port, worker, loop)
        yield from java(plainsight, port)
        yield from not_watched("nginx HTTPS, 1 KiB", plainsight, lambda: both(worker, ab(port, "small")))
    with live.on_one_processor(), servers.postgres() as server:
        yield from not_watched("pgbench -S over TLS", plainsight, lambda: sum(live.pgbench(server, tls=True, transactions=CALLS)))
    with live.on_one_processor(), servers.redis() as (port, pid):
        load = ["redis-benchmark", "--tls", "--insecure", "-p", str(port), "-q", "-t", "get"]
        load += ["-n", str(CALLS), "-c", str(CLIENTS)]
        yield from beside("Redis over TLS, GET", plainsight, port, pid, load)
    with live.on_one_processor(), servers.mariadb() as (port, pid):
        load = ["mariadb-slap", "--no-defaults", "--host=127.0.0.1", f"--port={port}", "--user=bench", "--ssl"]
        load += ["--skip-ssl-verify-server-cert", "--create-schema=bench", "--query=SELECT 1", "--no-drop"]
        load += [f"--concurrency={CLIENTS}", f"--number-of-queries={CALLS}"]
        yield from beside("MariaDB over TLS, mariadb-slap", plainsight, port, pid, load)


def ab(port, name):
    return ["ab", "-k", "-q", "-n", str(CALLS), "-c", str(CLIENTS), f"https://127.0.0.1:{port}/files/{name}"]


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


def not_watched(what, plainsight, load):
    """
    The CPU of a load that nobody asks for, while another process is watched by its id, and by its name. Without any hook in a library
    there is still the one that all system calls have.
    """
    def while_watching(*options):
        watching = live.Watching(plainsight, *options)
        try:
            return load()
        finally:
            watching.end()

    with servers.running(["sleep", "infinity"], lambda: None) as other:
        load()
        figures = measure.alternate(ROUNDS, {
            "bare": load,
            "by id": lambda: while_watching("--pid", other.pid),
            "by name": lambda: while_watching("--name", "sleep"),
        })
    by_id, by_name = (measure.ratio(figures[name], figures["bare"]) for name in ("by id", "by name"))
    yield Row.at_most(f"{what}: CPU while another process is watched by its id, of bare", "", by_id, 1.05, "x")
    yield Row.plain(f"{what}: the same by its name, of bare", number(by_name, "x"))


def java(plainsight, port):
    """A client in Java, whose TLS is its own: bare, with the agent in it, and watched."""
    if not shutil.which("java"):
        print("skipped: there is no Java", file=sys.stderr)
        return
    with servers.folder() as here, contextlib.ExitStack() as ends:
        subprocess.run([plainsight, "agent", "java", "--write", here / "agent.jar"], check=True, capture_output=True)
        url = f"https://127.0.0.1:{port}/files/small"
        bare = ends.enter_context(Java(url))
        told = ends.enter_context(Java(url, f"-javaagent:{here}/agent.jar"))

        def watched():
            watching = live.Watching(plainsight, "--port", port)
            try:
                return told.calls(CALLS)
            finally:
                watching.end()

        for program in (bare, told):
            program.calls(WARM)
        figures = measure.alternate(ROUNDS, {
            "bare": lambda: bare.calls(CALLS),
            "agent": lambda: told.calls(CALLS),
            "watched": watched,
        })
    each = measure.median(figures["bare"]) / CALLS * 1e6
    agent, times = (measure.ratio(figures[name], figures["bare"]) for name in ("agent", "watched"))
    what = f"Java with the agent, 1 KiB: CPU of a call in Java, of bare {each:.1f} us"
    yield Row.at_most(what, f"while nobody watches {agent:.2f} x", times, 1.5, "x")


class Java:
    """A program in Java that makes as many calls as it is told to."""

    def __init__(self, url, *options):
        source = Path(__file__).with_name("HttpsCalls.java")
        command = ["java", "-XX:+UseSerialGC", *options, source, url]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def calls(self, count):
        """Makes calls: the CPU seconds that they took."""
        before = measure.spent(self.process.pid)
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise RuntimeError("the program in Java failed")
        return measure.spent(self.process.pid) - before


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
