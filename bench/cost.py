"""Instructions an exchange, protocol by protocol, and the ceilings that they are held under."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import measure
import talks
from report import Row

CEILINGS = Path(__file__).resolve().parent / "ceilings.json"
# How much above its ceiling a figure may be: compilers and libraries move it a little.
SLACK = 1.10
# How often the talks are repeated in the two captures whose difference is taken.
TIMES = (20, 60)
# How often an exchange is repeated on one connection.
STEADY_TIMES = (500, 1_500)


@dataclass
class Figure:
    """What was measured of a protocol, its ceiling where it has one yet, and what the project wants it to be."""

    protocol: str
    what: str
    instructions: int
    ceiling: int | None
    goal: int | None

    @property
    def held(self):
        return self.ceiling is not None and self.instructions <= self.ceiling * SLACK


def run(plainsight, _cache):
    """The rows of every protocol."""
    for figure in figures(plainsight):
        what = f"{figure.protocol}: {figure.what}"
        if figure.goal:
            yield Row.at_most(what, "", figure.instructions, figure.goal)
        else:
            yield Row.plain(what, f"{figure.instructions:,}")


def figures(plainsight):
    """Of each protocol: all of its fixtures, each talk on a connection of its own; then single exchanges, again and again on a
    connection that stays."""
    ceilings = json.loads(CEILINGS.read_text())
    for name, fixtures in talks.fixtures().items():
        held = ceilings.get(name, {})
        yield Figure(name, "an exchange of its fixtures", an_exchange(plainsight, talked(fixtures), TIMES), held.get("ceiling"), None)
        for steady in held.get("steady", []):
            each = an_exchange(plainsight, steadily(fixtures, steady), STEADY_TIMES)
            yield Figure(name, steady["what"], each, steady.get("ceiling"), steady.get("goal"))


def keep(measured):
    """Makes what was measured the ceilings from now on."""
    ceilings = json.loads(CEILINGS.read_text())
    for figure in measured:
        entry = ceilings.setdefault(figure.protocol, {})
        steady = next((one for one in entry.get("steady", []) if one["what"] == figure.what), entry)
        steady["ceiling"] = figure.instructions
    CEILINGS.write_text(json.dumps(ceilings, indent=2, sort_keys=True) + "\n")


def talked(fixtures):
    """Writes captures in which each talk has a connection of its own; of short talks, where there are any."""
    fixtures = [fixture for fixture in fixtures if not fixture.long] or fixtures

    def write(path, times):
        with talks.Capture(path, talks.port(fixtures[0].folder)) as capture:
            for _ in range(times):
                for fixture in fixtures:
                    capture.talk(fixture.lines, fixture.datagrams)

    return write


def steadily(fixtures, steady):
    """Writes captures in which the lines `from` to `to` of a fixture come again and again on one connection."""
    fixture = {fixture.name: fixture for fixture in fixtures}[steady["fixture"]]
    before, again = fixture.lines[: steady["from"] - 1], fixture.lines[steady["from"] - 1 : steady["to"]]

    def write(path, times):
        with talks.Capture(path, talks.port(fixture.folder)) as capture:
            capture.talk(before + again * times, fixture.datagrams)

    return write


def an_exchange(plainsight, write, sizes):
    """The difference of two sizes of a capture, by their exchanges: starting is not in it."""
    spent, exchanges = [], []
    with tempfile.TemporaryDirectory() as folder:
        for times in sizes:
            path = Path(folder, f"{times}.pcap")
            write(path, times)
            spent.append(measure.instructions([plainsight, "replay", "--quiet", path]))
            exchanges.append(measure.lines([plainsight, "replay", "--json", path]))
    return round((spent[1] - spent[0]) / (exchanges[1] - exchanges[0]))
