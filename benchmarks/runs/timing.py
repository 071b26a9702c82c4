"""What commands take, each with all of its processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of CPU and on the wall, and the megabytes of the largest process."""

    cpu: float
    wall: float
    megabytes: float


def timed(command: Sequence[str], cwd: str | None = None) -> Taken:
    """Run a command to its end, whatever it finds."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0  # it has been waited for
    return Taken(used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024)


def interleaved(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Taken]:
    """The least that each command takes, in rounds of all of them: what else the machine does meets them alike."""
    rounds = [{name: timed(command) for name, command in commands.items()} for _ in range(runs)]
    return {name: min((one[name] for one in rounds), key=lambda taken: taken.cpu) for name in commands}
