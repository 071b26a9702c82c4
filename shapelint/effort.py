"""What a run spends: seconds by phase, and pieces of work. Each process counts its own, and hands it to who asked."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field

from shapelint.data import dataclass

#: in the order of a run; `start` is what processes load, `proof` also what torch takes
PHASES = ("start", "discover", "read", "cache", "parse", "interpret", "rules", "proof", "report")


@dataclass(slots=True)
class Effort:
    """Seconds by phase, and numbers of files parsed, of runs of the interpreter, of their steps, and so on."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    work: Counter[str] = field(default_factory=Counter)


_spent = Effort()
_lock = threading.Lock()  # the threads that feed other processes take their efforts in
_running: list[str] = []  #: the phases that this process is in, each inside the one before
_since = 0.0


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Count the time for a phase; for the one around it, the clock stands still."""
    _turn()
    _running.append(name)
    try:
        yield
    finally:
        _turn()
        _running.pop()


def count(work: str, number: int = 1) -> None:
    """Count pieces of work."""
    _spent.work[work] += number


def take_in(effort: Effort) -> None:
    """Add what another process has spent."""
    with _lock:
        for name, seconds in effort.seconds.items():
            _spent.seconds[name] += seconds
        _spent.work.update(effort.work)


def spent() -> Effort:
    """What has been spent since this was asked last."""
    global _spent
    _turn()
    with _lock:
        effort, _spent = _spent, Effort()
    return effort


def _turn() -> None:
    """Give the phase that is running its time so far."""
    global _since
    now = time.perf_counter()
    if _running:
        _spent.seconds[_running[-1]] += now - _since
    _since = now
