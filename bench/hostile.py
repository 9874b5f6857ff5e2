"""Hostile bytes beside valid ones: what a byte costs that breaks its protocol, or is of none."""

import random
import tempfile
from pathlib import Path

import measure
import talks
from report import Row

# How often the talks are repeated in the two captures whose difference is taken.
TIMES = (2, 6)
# One byte of so many is another one.
RARE, OFTEN = 512, 24
# As much of what a side says in one piece as a client's library writes.
NOISE = 4_096
GOAL = 1.5


def run(plainsight, _cache):
    """A row of every protocol: what its worst bytes cost beside its own."""
    for name, fixtures in talks.fixtures().items():
        yield row(plainsight, name, [fixture for fixture in fixtures if not fixture.long])


def row(plainsight, name, fixtures):
    valid = a_byte(plainsight, fixtures, lambda _, lines: lines)
    costs = {kind: a_byte(plainsight, fixtures, spoil) for kind, spoil in HOSTILE.items()}
    worst = max(costs, key=costs.get)
    beside = f"{valid:.1f} instructions; " + ", ".join(f"{kind} {cost:.1f}" for kind, cost in costs.items())
    return Row.at_most(f"{name}: a hostile byte ({worst}), as a multiple of a valid one", beside, costs[worst] / valid, GOAL, "x")


def a_byte(plainsight, fixtures, spoil):
    """Instructions a byte of the talks as `spoil` leaves them, as the difference of two sizes of a capture."""
    spent, sizes = [], []
    with tempfile.TemporaryDirectory() as folder:
        for times in TIMES:
            # The same luck each time, so that nothing is measured but the bytes.
            luck = random.Random(4)
            path = Path(folder, f"{times}.pcap")
            said = 0
            with talks.Capture(path, talks.port(fixtures[0].folder)) as capture:
                for _ in range(times):
                    for fixture in fixtures:
                        lines = spoil(luck, fixture.lines)
                        said += sum(len(bytes_) for _, bytes_ in lines)
                        capture.talk(lines, fixture.datagrams)
            spent.append(measure.instructions([plainsight, "replay", "--quiet", path]))
            sizes.append(said)
    return (spent[1] - spent[0]) / (sizes[1] - sizes[0])


def changed(one_of):
    """Some bytes are others."""

    def spoil(luck, lines):
        return [(speaker, bytes(luck.randrange(256) if luck.randrange(one_of) == 0 else byte for byte in said)) for speaker, said in lines]

    return spoil


def noise(luck, lines):
    """It begins well, and then both sides say anything."""
    begun = lines[: max(2, len(lines) // 4)]
    return begun + [(by_client, luck.randbytes(NOISE)) for by_client in (True, False) * 4]


def zeros(_luck, lines):
    """It begins well, and then both sides say nothing but zeros, which are small numbers and lengths to most."""
    begun = lines[: max(2, len(lines) // 4)]
    return begun + [(by_client, bytes(NOISE)) for by_client in (True, False) * 4]


def cut(luck, lines):
    """What they say lacks bytes, and so the lengths of it are wrong."""

    def without(said):
        at = luck.randrange(len(said)) if said else 0
        return said[:at] + said[at + 1 + luck.randrange(16) :]

    return [(speaker, without(said)) for speaker, said in lines]


def words(luck, lines):
    """Pieces of what is said there, in any order."""
    said = b"".join(bytes_ for _, bytes_ in lines)
    pieces = [said[at : at + luck.randrange(1, 64)] for at in (luck.randrange(len(said)) for _ in range(512))]
    mixed = b"".join(pieces)
    return lines[:2] + [(speaker, mixed[at : at + NOISE]) for speaker in (True, False) for at in range(0, len(mixed), NOISE)]


HOSTILE = {
    "rarely changed": changed(RARE),
    "often changed": changed(OFTEN),
    "noise": noise,
    "zeros": zeros,
    "cut": cut,
    "mixed": words,
}
