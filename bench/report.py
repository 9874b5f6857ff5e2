"""The table of what was promised, measured and met."""

import json
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Row:
    """One measurement: what, beside whom, the figure, the goal, and whether it is met (`None`: nothing was promised)."""

    what: str
    beside: str
    figure: str
    goal: str
    met: bool | None

    @staticmethod
    def plain(what, figure, beside=""):
        return Row(what, beside, figure, "", None)

    @staticmethod
    def at_most(what, beside, figure, goal, unit=""):
        return Row(what, beside, number(figure, unit), f"at most {goal:,} {unit}".strip(), figure <= goal)

    @staticmethod
    def at_least(what, beside, figure, goal):
        return Row(what, beside, f"{figure:.1f}x", f"{goal}x", figure >= goal)

    @staticmethod
    def at_least_share(what, figure, goal):
        return Row(what, "", f"{figure:.2%}", f"{goal:.1%}", figure >= goal)


def number(figure, unit):
    digits = 0 if abs(figure) >= 100 else 2
    return f"{figure:,.{digits}f} {unit}".strip()


def keep(path, rows):
    Path(path).write_text(json.dumps([asdict(row) for row in rows]))


def kept(path):
    return [Row(**row) for row in json.loads(Path(path).read_text())]


def write(path, sections, commands):
    """Writes every section's rows, the machine, and how to measure it again."""
    lines = ["# Results", "", "Written by `make bench`.", ""]
    lines += [*machine(), "", METHOD]
    for title, rows in sections:
        lines += ["", f"## {title}", "", "| measured | beside | figure | goal | met |", "|---|---|---|---|---|"]
        lines += [f"| {r.what} | {r.beside} | {r.figure} | {r.goal} | {MET[r.met]} |" for r in rows]
    lines += ["", "## Commands", "", "```sh", *commands, "```"]
    Path(path).write_text("\n".join(lines) + "\n")


MET = {None: "", True: "yes", False: "**no**"}

METHOD = """CPU is user and system time as the kernel counts it for the process and its children; wall time is never used, as other work may
run beside. What is compared runs in alternating rounds; a ratio or a difference is the median of those of each round. Instructions are
callgrind's, as the difference of two sizes of the same capture, so that starting is not in them. Captures are of loopback traffic."""


def machine():
    cpu = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    cores = len(re.findall(r"^processor\s", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    yield f"- processor: {cpu[1] if cpu else platform.machine()}, {cores} cores, {int(memory[1]) >> 20} GiB of memory"
    yield f"- system: {system}, Linux {platform.release()}"
    for command in (["tshark", "-v"], ["ndpiReader", "-h"], ["pgbench", "-V"], ["nginx", "-v"], ["rustc", "-V"]):
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        first = next((line for line in (told.stdout + told.stderr).splitlines() if any(c.isdigit() for c in line)), "")
        yield f"- {command[0]}: {first.strip().removeprefix('- ')}"
