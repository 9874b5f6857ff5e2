"""A storm of short processes: what it costs to learn whether each brings a TLS library."""

import os
from pathlib import Path

import live
import measure
from report import Row

ROUNDS = 5
# Processes of each round, one after the other.
PROCESSES = 2_000
PROGRAM = "/bin/true"
# The thread that finds libraries, by the name that it gives itself.
FINDER = "libraries"


def run(plainsight, _cache):
    """The rows of the storm."""
    if live.without_privilege():
        return
    rounds = [storm(plainsight) for _ in range(ROUNDS)]
    finder, all_of_it, awakened = (measure.median(figures) / PROCESSES for figures in zip(*rounds, strict=True))
    yield Row.plain("a short process: CPU of the thread that finds libraries", f"{finder / 1e3:.1f} us")
    yield Row.plain("a short process: CPU of the collector", f"{all_of_it / 1e3:.1f} us")
    yield Row.plain("a short process: how often that thread is awakened", f"{awakened:.2f}")


def storm(plainsight):
    """What one storm costs: nanoseconds of the finder and of all threads, and awakenings of the finder."""
    watching = live.Watching(plainsight)
    finder = None
    while not finder:  # a thread names itself after it began
        threads = list(Path(f"/proc/{watching.pid}/task").iterdir())
        finder = next((thread for thread in threads if (thread / "comm").read_text().strip() == FINDER), None)
    before = nanoseconds(finder), sum(map(nanoseconds, threads)), awakenings(finder)
    for _ in range(PROCESSES):
        os.waitpid(os.posix_spawn(PROGRAM, [PROGRAM], {}), 0)
    after = nanoseconds(finder), sum(map(nanoseconds, threads)), awakenings(finder)
    watching.end()
    return [then - now for then, now in zip(after, before, strict=True)]


def nanoseconds(thread):
    return int((thread / "schedstat").read_text().split()[0])


def awakenings(thread):
    lines = (thread / "status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("voluntary_ctxt_switches")))
