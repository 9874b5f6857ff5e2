"""Many connections: memory of an idle one, and what a query costs among them, beside 8."""

import captures
import measure
from report import Row

ROUNDS = 5
# Queries of the smaller and of the larger capture: their difference has neither start-up nor log-ins in it.
QUERIES = (100_000, 200_000)
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
    sizes = {}
    for connections in (8, *PROMISED):
        rounds = [max(1, queries // connections) for queries in QUERIES]
        sizes[connections] = [captures.synthetic(cache, connections, number) for number in rounds]
    runs = {
        (connections, size): lambda path=path: measure.cpu([plainsight, "replay", "--quiet", path])
        for connections, pair in sizes.items()
        for size, path in enumerate(pair)
    }
    figures = measure.alternate(ROUNDS, runs)
    each = {
        connections: [large - small for small, large in zip(figures[connections, 0], figures[connections, 1], strict=True)]
        for connections in sizes
    }
    count = QUERIES[1] - QUERIES[0]
    yield Row.plain("CPU of a query on 8 connections", f"{measure.median(each[8]) / count * 1e6:.2f} us")
    for connections, promised in PROMISED.items():
        times = measure.ratio(each[connections], each[8])
        yield Row.at_most(f"CPU of a query on {connections:,} connections", "8 connections", times, promised, "x")
    spent = {
        connections: (measure.instructions([plainsight, "replay", "--quiet", pair[1]])
                      - measure.instructions([plainsight, "replay", "--quiet", pair[0]])) / count
        for connections, pair in sizes.items()
    }
    for connections in PROMISED:
        times = spent[connections] / spent[8]
        beside = f"8 connections: {spent[8]:,.0f} instructions, here {spent[connections]:,.0f}"
        yield Row.at_most(f"instructions of a query on {connections:,} connections", beside, times, PROMISED[connections], "x")
