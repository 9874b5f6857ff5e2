"""Many connections: memory of an idle one, and what a query costs among them, beside 8."""

import captures
import measure
from report import Row

ROUNDS = 5
# Queries of the smaller and of the larger capture: their difference has neither start-up nor log-ins in it.
QUERIES = (100_000, 400_000)
# The same where instructions are counted, which takes a hundred times longer.
COUNTED = (10_000, 20_000)
PROMISED = {1_000: 1.1, 10_000: 1.3, 100_000: 1.8}


def run(plainsight, cache):
    yield from idle(plainsight, cache)
    yield from cost(plainsight, cache)


def idle(plainsight, cache):
    """Each connection logs in, asks once and falls silent."""
    few, many = (captures.synthetic(cache, connections, 1) for connections in (10_000, 100_000))
    peaks = [measure.peak([plainsight, "replay", "--quiet", capture]) for capture in (few, many)]
    each = (peaks[1] - peaks[0]) / 90_000
    yield Row.at_most("memory of an idle PostgreSQL connection, replay's table of flows included", "", each, 512, "bytes")


def cost(plainsight, cache):
    def pairs(queries):
        """For each number of connections: replays of the smaller and of the larger capture, and the queries between them."""
        small, large = queries
        for connections in (8, *PROMISED):
            first = max(1, small // connections)
            rounds = [first, first * large // small]
            paths = [captures.synthetic(cache, connections, number) for number in rounds]
            commands = [[plainsight, "replay", "--quiet", path] for path in paths]
            yield connections, commands, connections * (rounds[1] - rounds[0])

    runs, counts = {}, {}
    for connections, commands, counts[connections] in pairs(QUERIES):
        for size, command in enumerate(commands):
            runs[connections, size] = lambda command=command: measure.settled(command)
    figures = measure.alternate(ROUNDS, runs)
    each = {
        connections: [(large - small) / count for small, large in zip(*(figures[connections, size] for size in (0, 1)), strict=True)]
        for connections, count in counts.items()
    }
    yield Row.plain("CPU of a query on 8 connections", f"{measure.median(each[8]) * 1e6:.2f} us")
    for connections, promised in PROMISED.items():
        times = measure.ratio(each[connections], each[8])
        yield Row.at_most(f"CPU of a query on {connections:,} connections", "8 connections", times, promised, "x")
    spent = {}
    for connections, commands, count in pairs(COUNTED):
        small, large = map(measure.instructions, commands)
        spent[connections] = (large - small) / count
    for connections, promised in PROMISED.items():
        beside = f"8 connections: {spent[8]:,.0f} instructions, here {spent[connections]:,.0f}"
        what = f"instructions of a query on {connections:,} connections"
        yield Row.at_most(what, beside, spent[connections] / spent[8], promised, "x")
