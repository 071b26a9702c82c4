"""A tree checked cold and warm: the wall time and CPU of each run, and that both tell the same.

usage: python benchmarks/warm.py DIRECTORY [--runs N]

The cache lies in a scratch folder, and torch is not asked: it would be timed, not shapelint.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time


def timed(command: list[str]) -> tuple[float, float, bytes, bytes]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall, cpu, done.stdout, done.stderr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "shapelint", options.directory, "--verify=off", f"--cache-dir={cache}/cache"]
        cold = timed(command)
        warm = min((timed(command) for _ in range(options.runs)), key=lambda run: run[0])
    print("| run | wall, s | CPU, s |\n|---|---|---|")
    for name, run in (("cold", cold), (f"warm, least of {options.runs}", warm)):
        print(f"| {name} | {run[0]:.2f} | {run[1]:.2f} |")
    print(f"\n{cold[3].decode().strip()}\n" + ("the same bytes" if cold[2:] == warm[2:] else "other bytes"))


if __name__ == "__main__":
    main()
