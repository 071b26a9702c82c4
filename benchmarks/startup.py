"""The CPU of short runs: user and system time of a command and its processes, the median of some runs.

usage: python benchmarks/startup.py [FILE] [--runs N]

FILE is by default a model of 14 lines. Beside the check stand the parts that no run of it can go below: Python itself,
which is started twice, and the import of click in the one process.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MODEL = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1])
"""


def cpu(command: Sequence[str]) -> float:
    """The seconds of CPU that a command takes, those of the processes that it waits for included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def commands(path: str) -> dict[str, list[str]]:
    python = sys.executable
    check = [python, "-m", "shapelint", "check", path, "--verify", "off", "-j1", "--no-cache"]
    return {
        "python": [python, "-c", "pass"],
        "python, click": [python, "-c", "import click"],
        "shapelint --version": [python, "-m", "shapelint", "--version"],
        "shapelint check": check,
    }


def measure(path: str, runs: int) -> None:
    print("| seconds of CPU | median | least |\n|---|---|---|")
    for name, command in commands(path).items():
        cpu(command)  # what it loads is compiled and in memory from then on
        taken = [cpu(command) for _ in range(runs)]
        print(f"| {name} | {statistics.median(taken):.3f} | {min(taken):.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.py"
        model.write_text(MODEL)
        measure(options.file or str(model), options.runs)


if __name__ == "__main__":
    main()
