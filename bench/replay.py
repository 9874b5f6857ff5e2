"""Replays of captures: CPU a query beside other readers of captures, instructions a query, peak memory."""

import captures
import measure
from report import Row

ROUNDS = 5
# Two sizes of one capture, in packets: their difference has no start-up in it.
CUTS = (20_000, 60_000)

TSHARK = {
    "postgresql": ["pgsql.type", "pgsql.query", "pgsql.val.data", "pgsql.tag"],
    "http": ["http.request.method", "http.request.uri", "http.response.code", "http.file_data"],
}


def peers(protocol, path, port):
    """The other readers of a capture: what each is told to do, and how many times less we promise."""
    layer = {"postgresql": "pgsql", "http": "http"}[protocol]
    fields = ["frame.time_epoch", "tcp.stream", *TSHARK[protocol]]
    wanted = [word for field in fields for word in ("-e", field)]
    decoded = ["-d", f"tcp.port=={port},{layer}", "-Y", layer]
    commands = {
        "tshark -T fields": (["tshark", "-n", "-r", path, *decoded, "-T", "fields", *wanted], 200),
        "ngrep": (["ngrep", "-I", path, "-q", "SELECT" if protocol == "postgresql" else "GET "], 3),
        "ndpiReader": (["ndpiReader", "-i", path, "-q"], 3),
    }
    if protocol == "http":
        commands["httpry"] = (["httpry", "-q", "-r", path, f"tcp port {port}"], 10)
    return commands


def run(plainsight, cache, rounds=ROUNDS):
    """The rows of PostgreSQL and HTTP/1 captures."""
    for protocol, (path, port) in {
        "postgresql": captures.postgresql(cache),
        "http": captures.http(cache),
    }.items():
        yield from times(plainsight, protocol, path, port, rounds)
        yield from counted(plainsight, protocol, path)
        yield from memory(plainsight, cache, protocol, path, port)


def times(plainsight, protocol, path, port, rounds):
    ours = {name: [plainsight, "replay", f"--{name}", path] for name in ("json", "quiet")}
    theirs = peers(protocol, path, port)
    commands = ours | {name: command for name, (command, _) in theirs.items()}
    runs = {name: lambda command=command: measure.settled(command) for name, command in commands.items()}
    figures = measure.alternate(rounds, runs)
    count = queries(plainsight, path)
    for mode in ("json", "quiet"):
        yield Row.plain(f"replay --{mode}, {protocol}: CPU a query", f"{micro(figures[mode], count)} us")
        for name, (_, promised) in theirs.items():
            times_less = measure.ratio(figures[name], figures[mode])
            beside = f"{name}: {micro(figures[name], count)} us"
            yield Row.at_least(f"replay --{mode}, {protocol}: less CPU", beside, times_less, promised)


def counted(plainsight, protocol, path):
    """Instructions a query, from two sizes of one capture."""
    small, large = (captures.cut(path, packets) for packets in CUTS)
    more = queries(plainsight, large) - queries(plainsight, small)
    for mode in ("json", "quiet"):
        spent = [measure.instructions([plainsight, "replay", f"--{mode}", cut]) for cut in (small, large)]
        each = (spent[1] - spent[0]) / more
        yield Row.at_most(f"replay --{mode}, {protocol}: instructions a query", "", each, 2500)


def memory(plainsight, cache, protocol, path, port):
    """Peak memory on 80 MB and on twice that."""
    sizes = [captures.repeated(path, port, size << 20) for size in (80, 160)]
    peaks = [measure.peak([plainsight, "replay", "--json", size]) / (1 << 20) for size in sizes]
    told = measure.peak(peers(protocol, sizes[0], port)["tshark -T fields"][0]) / (1 << 20)
    beside = f"tshark: {told:.0f} MiB"
    yield Row.at_most(f"replay, {protocol}, 80 MB: peak memory", beside, peaks[0], 32, "MiB")
    yield Row.at_most(f"replay, {protocol}, 160 MB: growth of the peak", "", peaks[1] - peaks[0], 1, "MiB")


def queries(plainsight, path):
    """How many exchanges a capture holds, by our own reading."""
    return measure.lines([plainsight, "replay", "--json", path])


def micro(seconds, count):
    return f"{measure.median(seconds) / count * 1e6:.2f}"
