"""Loads a library and says so; then begins the programs of Python that it is told, each with its words; ends with its input."""
import ctypes
import subprocess
import sys

ctypes.CDLL(sys.argv[1])
print("loaded", file=sys.stderr, flush=True)
for line in sys.stdin:
    subprocess.run([sys.executable, *line.strip("\n").split("\t")], check=True)
