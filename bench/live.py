"""Live traffic: the CPU that watching adds to it, beside other ways to the same knowledge; and a stopped collector."""

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import typing
from pathlib import Path

import bare
import captures
import measure
import servers
from report import Row

# One run differs from the next by more than what is measured: the median of fewer would move with its neighbours.
ROUNDS = 15
CLIENTS = 2
# Transactions of one run; a few seconds of one core.
TRANSACTIONS = 20_000
LIBSSL = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
PROCESSORS = os.sched_getaffinity(0)


class Watching:
    """`plainsight watch` beside a load: what it costs, and what its ledger says at the end."""

    def __init__(self, plainsight, *options, shows="--quiet", to=subprocess.DEVNULL):
        command = [plainsight, "watch", shows, *map(str, options)]
        everywhere = functools.partial(os.sched_setaffinity, 0, PROCESSORS)
        self.process = subprocess.Popen(command, stdout=to, stderr=subprocess.PIPE, text=True, preexec_fn=everywhere)
        self.pid = self.process.pid
        if "watching" not in self.process.stderr.readline():
            raise RuntimeError("plainsight does not watch: " + self.process.stderr.read())

    def end(self):
        """Ends it: the bytes that the kernel saw, and those of them that are accounted for and that are lost."""
        self.process.send_signal(signal.SIGINT)
        told = self.process.stderr.read()
        self.process.wait()
        account = re.findall(r"^the kernel saw (\d+) bytes in .*: (.*?)(?: \(|;|$)", told, re.MULTILINE)
        if not account:
            return None
        seen, shares = account[-1]
        *_, lost = shares = [int(share) for share in re.findall(r"(\d+) (?:delivered|ciphertext|at|lost)", shares)]
        return int(seen), sum(shares), lost


@contextlib.contextmanager
def on_one_processor():
    """
    Servers and their load run on one processor until the block ends, the collector on any.

    Between two, what a wake-up costs depends on how deeply the other one sleeps, and differs from run to run by more than
    what is measured: empty pairs seemed to cost 0.9 us a piece beside one server and 2.9 us beside another.
    """
    os.sched_setaffinity(0, {max(PROCESSORS)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, PROCESSORS)


def without_privilege():
    if os.geteuid() == 0:
        return False
    print("skipped: watching needs root", file=sys.stderr)
    return True


class Spent(typing.NamedTuple):
    """The CPU seconds of one run."""

    client: float
    # Whatever else was named, too: the collector, a proxy.
    server: float


def both(series):
    return [sum(spent) for spent in series]


class Measured:
    """The CPU of one run of a load: of the load itself, of the server, and of whatever else is named."""

    def __init__(self, server, also=()):
        self.server, self.also = server, also

    def __call__(self, command, environment=None):
        children = offspring(self.server)
        before = self.now()
        load = measure.cpu(command, env=environment)
        # What the server started for the load has ended when its children are those of before.
        until = time.monotonic() + 5
        while offspring(self.server) - children and time.monotonic() < until:
            time.sleep(0.01)
        # The collector takes what still waits for it.
        time.sleep(0.3)
        return Spent(load, self.now() - before)

    def now(self):
        server = measure.spent_with_children(self.server)
        return server + sum(map(measure.spent, [*offspring(self.server), *self.also]))


def offspring(pid):
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def plain(plainsight, _cache):
    """PostgreSQL without TLS: what watching the server adds to a transaction of `pgbench -S`."""
    if without_privilege():
        return
    settings = ["logging_collector=on", "log_directory=log", "log_rotation_size=0"]
    with on_one_processor(), servers.postgres("shared_preload_libraries=pgaudit", *settings) as server:
        with servers.pgbouncer(server) as (proxy, proxy_pid):
            own = []
            ways = {
                "nothing": lambda: pgbench(server),
                "plainsight": lambda: watched(plainsight, server, own),
                "log_statement=all": lambda: logged(server, "log_statement", "all"),
                "pgaudit": lambda: logged(server, "pgaudit.log", "all"),
                "pgbouncer": lambda: pgbench(server, proxy, also=[proxy_pid]),
            }
            figures = measure.alternate(ROUNDS, ways)
        share = seen(plainsight, server)

    def each(series):
        return measure.median(series) / TRANSACTIONS * 1e6

    def added(name, part):
        return measure.difference(part(figures[name]), part(figures["nothing"])) / TRANSACTIONS * 1e6

    def client(series):
        return [spent.client for spent in series]

    def server_side(series):
        return [spent.server for spent in series]

    others = [name for name in ways if name not in ("nothing", "plainsight")]
    beside = ", ".join(f"{name} {added(name, server_side):+.1f} us" for name in others)
    ends = f"{each(server_side(figures['nothing'])):.1f} us and {each(client(figures['nothing'])):.1f} us"
    yield Row.plain("pgbench -S, plain: CPU of a transaction, server and client", ends)
    cost = added("plainsight", server_side)
    yield Row.at_most("pgbench -S, plain: CPU added, server and collector", beside, cost, 5, "us")
    yield Row.plain("pgbench -S, plain: of it in the collector", f"{each(own):.1f} us")
    further = added("plainsight", client)
    yield Row.plain("pgbench -S, plain: CPU added to the client, on the same host", f"{further:.1f} us")
    yield Row.at_least_share("pgbench -S, plain: transactions seen", share, 0.999)


def pgbench(server, port=None, also=(), tls=False, transactions=TRANSACTIONS):
    options = ["-S", "-M", "simple", "-c", CLIENTS, "-j", 1, "-t", transactions // CLIENTS]
    command, environment = server.pgbench(*map(str, options), port=port, tls=tls)
    return Measured(server.pid, also)(command, environment)


def watched(plainsight, server, own, tls=False):
    """One run, watched; notes the collector's own CPU."""
    watching = Watching(plainsight, "--port", server.port)
    before = measure.spent(watching.pid)
    try:
        return pgbench(server, also=[watching.pid], tls=tls)
    finally:
        own.append(measure.spent(watching.pid) - before)
        watching.end()


def seen(plainsight, server, tls=False):
    """The share of one run's transactions that are shown, with their answer."""
    with tempfile.TemporaryFile() as lines:
        watching = Watching(plainsight, "--port", server.port, shows="--json", to=lines)
        pgbench(server, tls=tls)
        watching.end()
        lines.seek(0)
        accesses = map(json.loads, lines)
        shown = sum(a["rows"] == 1 and "SELECT abalance" in (a["statement"] or "") for a in accesses)
    return shown / TRANSACTIONS


def logged(server, setting, value):
    def become(value):
        server.sql(f"alter system set {setting} = {value}")
        server.sql("select pg_reload_conf()")
        time.sleep(0.5)

    become(f"'{value}'")
    try:
        return pgbench(server)
    finally:
        become("default")


def tls(plainsight, _cache):
    """PostgreSQL and nginx over TLS: what watching adds, beside empty hooks at the same functions, and beside TLS."""
    if without_privilege():
        return
    offsets = functions(plainsight)
    with on_one_processor(), servers.postgres() as server:
        own = []
        figures = measure.alternate(ROUNDS, {
            "clear": lambda: pgbench(server),
            "tls": lambda: pgbench(server, tls=True),
            "bare": lambda: hooked(offsets, lambda: pgbench(server, tls=True)),
            "plainsight": lambda: watched(plainsight, server, own, tls=True),
        })
        pairs = pairs_in(offsets, lambda: pgbench(server, tls=True))
        share = seen(plainsight, server, tls=True)
    yield from beside_bare("pgbench -S over TLS", figures, pairs)
    yield Row.at_least_share("pgbench -S over TLS: transactions seen", share, 0.999)
    with on_one_processor(), servers.nginx(captures.ORDER) as (port, secure, worker):
        figures = measure.alternate(ROUNDS, {
            "clear": lambda: ab(worker, f"http://127.0.0.1:{port}/order.json"),
            "tls": lambda: ab(worker, f"https://127.0.0.1:{secure}/order.json"),
            "bare": lambda: hooked(offsets, lambda: ab(worker, f"https://127.0.0.1:{secure}/order.json")),
            "plainsight": lambda: watched_ab(plainsight, worker, secure),
        })
        pairs = pairs_in(offsets, lambda: ab(worker, f"https://127.0.0.1:{secure}/order.json"))
    yield from beside_bare("nginx over TLS, ab -k", figures, pairs)


def beside_bare(what, figures, pairs):
    def added(name, to="tls"):
        return measure.difference(both(figures[name]), both(figures[to])) / TRANSACTIONS * 1e6

    secrecy = -added("clear")
    yield Row.plain(f"{what}: CPU of TLS itself, a query", f"{secrecy:.1f} us")
    times = added("plainsight") / added("bare")
    each = pairs / TRANSACTIONS
    bare_pairs = f"{each:.1f} bare pairs of {added('bare') / each:.1f} us: {added('bare'):+.1f} us"
    beside = f"{bare_pairs}, watching {added('plainsight'):+.1f} us"
    yield Row.at_most(f"{what}: CPU added, as a multiple of bare pairs", beside, times, 1.5, "x")


def functions(plainsight):
    """Where Plainsight hooks reading and writing in OpenSSL's library."""
    told = subprocess.run([plainsight.parent / "examples/plan", LIBSSL], check=True, capture_output=True, text=True)
    wanted = re.findall(r"^(?:Read|Write)\w* (\d+)$", told.stdout, re.MULTILINE)
    return sorted(map(int, wanted))


def hooked(offsets, run):
    with bare.pairs(LIBSSL, offsets):
        return run()


def pairs_in(offsets, run):
    """How many pairs one run hits, at both ends."""
    with bare.counted(), bare.pairs(LIBSSL, offsets) as program:
        run()
        return bare.runs(program) / 2


def ab(worker, url, also=()):
    command = ["ab", "-k", "-q", "-n", str(TRANSACTIONS), "-c", str(CLIENTS), url]
    return Measured(worker, also)(command)


def watched_ab(plainsight, worker, port):
    watching = Watching(plainsight, "--port", port)
    try:
        return ab(worker, f"https://127.0.0.1:{port}/order.json", also=[watching.pid])
    finally:
        watching.end()


def stalled(plainsight, _cache):
    """A collector that is stopped while 50,000 calls a second pass."""
    if without_privilege():
        return
    for stop, options in ((0.1, ()), (3, ("--ring", 1))):
        (saw, accounted, lost), rate = stop_for(plainsight, stop, options)
        ring = " ".join(map(str, options)) or "default ring"
        what = f"stopped for {stop * 1000:.0f} ms at {rate:,.0f} calls a second, {ring}"
        if options:
            told = f"seen {saw:,}, accounted for {accounted:,}, of them lost {lost:,}"
            yield Row(what, "", told, "all counted", lost > 0 and accounted == saw)
        else:
            yield Row(what, "", f"{lost:,} bytes lost", "none", lost == 0)


def stop_for(plainsight, stop, options):
    """What the ledger says after a load during which the collector stood still, and how many calls a second there were."""
    with contextlib.ExitStack() as ends:
        watching = Watching(plainsight, *options)
        talk = [sys.executable, Path(__file__).with_name("talk.py"), "50000", str(stop + 1.5)]
        load = subprocess.Popen(talk, stdout=subprocess.PIPE, text=True)
        ends.callback(load.wait)
        time.sleep(0.7)
        watching.process.send_signal(signal.SIGSTOP)
        time.sleep(stop)
        watching.process.send_signal(signal.SIGCONT)
        rate = float(load.stdout.read())
        time.sleep(0.5)
        figures = watching.end()
    return figures, rate
