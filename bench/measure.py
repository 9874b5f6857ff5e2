"""What a command costs: CPU time, peak memory, instructions; always beside the others, in alternating rounds."""

import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

# A process tells its peak memory until it ends; it is asked this often.
PEAK_EVERY = 0.005
# CPU seconds a round spends on a command before its mean is believed.
SETTLED = 0.5


def cpu(command, **options):
    """The CPU seconds, user and system, of one run of `command`, its children included."""
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.DEVNULL)
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def settled(command):
    """The CPU seconds of a run of `command`: the mean of as many as take `SETTLED` together, one at least.

    A run of a few hundredths of a second is at the mercy of whatever shares the caches with it just then.
    """
    spent = [cpu(command)]
    while sum(spent) < SETTLED:
        spent.append(cpu(command))
    return statistics.mean(spent)


def alternate(rounds, measures):
    """Runs every measure once a round, in turn: for each name, one figure a round."""
    figures = {name: [] for name in measures}
    for number in range(rounds):
        names = list(measures)
        # What comes first in one round comes last in the next.
        for name in names if number % 2 == 0 else reversed(names):
            figures[name].append(measures[name]())
    return figures


def ratio(of, to):
    """The median of the ratios of two series, round by round."""
    return statistics.median(a / b for a, b in zip(of, to, strict=True))


def difference(of, to):
    """The median of the differences of two series, round by round."""
    return statistics.median(a - b for a, b in zip(of, to, strict=True))


def peak(command):
    """The peak of resident memory of one run, in bytes."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, resident_peak(process.pid) or most)
        time.sleep(PEAK_EVERY)
    return most


def resident_peak(pid):
    """The peak of resident memory so far, in bytes; `None` once the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else None


def instructions(command):
    """The instructions of one run, by callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "callgrind.out")
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]
        subprocess.run(valgrind, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)[1])


def spent(pid):
    """The CPU seconds of a running process so far: its own, all threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def spent_with_children(pid):
    """The CPU seconds of a running process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def lines(command):
    """How many lines a command prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    count = sum(block.count(b"\n") for block in iter(lambda: process.stdout.read(1 << 20), b""))
    process.wait()
    return count


def median(figures):
    return statistics.median(figures)
