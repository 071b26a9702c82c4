"""Throw random inputs at the whole pipeline until the time is up, and print a minimal input for each fault.

    python benchmarks/fuzz.py --seconds 3600 --jobs 2
    python benchmarks/fuzz.py --seed 7 --first 1234 --count 1

Inputs are mutated fixtures and random programs (tests/support/fuzzing). A fault is an internal error, a crash, a hang, or
a shape, an error or a confirmed finding that torch contradicts. The n-th input of a seed is always the same; with
several jobs each takes every so-manieth. Exit status 1 if there was a fault.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from fuzzing.faults import Fault
from fuzzing.inputs import Given, faults, nth
from fuzzing.reduce import reduced

from shapelint.verify.client import Verifier

GIGABYTES = 8  #: of address space for a job: more is a crash
CRASH_SECONDS = 60
PYTHON_FAILED = 1  #: the exit status of a process that an exception ends
SPAWN = multiprocessing.get_context("spawn")


def work(options: argparse.Namespace, number: int, end: int, until: float, pipe: Connection) -> None:
    """Check inputs; tells the number of each before it is checked, and each new kind of fault."""
    prepare()
    known: set[str] = set()
    with Verifier() as verifier:
        while number < end and time.time() < until:
            pipe.send(number)
            whole = nth(options.seed, number)
            for fault in faults(whole, verifier):
                if fault.kind not in known:
                    known.add(fault.kind)
                    pipe.send((number, fault, reduced(whole.raw, shows(whole, fault, verifier))))
            number += options.jobs


def prepare() -> None:
    """Bound the memory of this process."""
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))


def shows(whole: Given, fault: Fault, verifier: Verifier) -> Callable[[bytes], bool]:
    """Whether a part of an input shows a fault of the same kind."""

    def test(raw: bytes) -> bool:
        try:
            return any(found.kind == fault.kind for found in faults(Given(whole.kind, whole.path, raw), verifier))
        except Exception:
            return False  # what is left is no program of the generator's any more

    return test


def crashes(whole: Given) -> Callable[[bytes], bool]:
    """Whether a part of an input ends the process that checks it."""

    def test(raw: bytes) -> bool:
        process = SPAWN.Process(target=check_once, args=(Given(whole.kind, whole.path, raw),))
        process.start()
        process.join(CRASH_SECONDS)
        process.kill()
        process.join()
        return process.exitcode not in (0, PYTHON_FAILED)

    return test


def check_once(given: Given) -> None:
    """Check one input."""
    prepare()
    with Verifier() as verifier:
        list(faults(given, verifier))


@dataclass(slots=True)
class Job:
    """A process that checks inputs, and where it is."""

    options: argparse.Namespace
    number: int
    end: int
    until: float
    checked: int = 0
    pipe: Connection = field(init=False)
    process: multiprocessing.process.BaseProcess = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start a process at the next number."""
        self.pipe, theirs = SPAWN.Pipe(duplex=False)
        given = (self.options, self.number, self.end, self.until, theirs)
        self.process = SPAWN.Process(target=work, args=given)
        self.process.start()
        theirs.close()

    def hear(self) -> tuple[int, Fault, bytes] | None:
        """The next message, if it is a fault; raises EOFError when the process has ended well."""
        try:
            message = self.pipe.recv()
        except EOFError:
            self.process.join()
            if self.process.exitcode == 0:
                raise
            return self.crashed()
        if not isinstance(message, int):
            return message
        self.number = message
        self.checked += 1
        return None

    def crashed(self) -> tuple[int, Fault, bytes]:
        """The fault that ended the process, which goes on with the next input."""
        number, status = self.number, self.process.exitcode
        whole = nth(self.options.seed, number)
        self.number += self.options.jobs
        self.begin()
        if status == PYTHON_FAILED:
            return number, Fault("the fuzz fails", "the traceback is above"), whole.raw
        return number, Fault("crash", f"the process ended with status {status}"), reduced(whole.raw, crashes(whole))


def run(options: argparse.Namespace) -> int:
    """Run the jobs to their end; returns the number of kinds of faults."""
    end = sys.maxsize if options.count is None else options.first + options.count
    until = time.time() + options.seconds
    jobs = [Job(options, options.first + at, end, until) for at in range(options.jobs)]
    running = {job.pipe: job for job in jobs}
    kinds: set[str] = set()
    while running:
        for pipe in wait(list(running)):
            job = running.pop(pipe)
            try:
                found = job.hear()
            except EOFError:
                continue
            running[job.pipe] = job
            if found and found[1].kind not in kinds:
                kinds.add(found[1].kind)
                tell(options.seed, *found)
    print(f"{sum(job.checked for job in jobs)} inputs, {len(kinds)} kinds of faults")
    return len(kinds)


def tell(seed: int, number: int, fault: Fault, raw: bytes) -> None:
    """Print a fault and the input that shows it."""
    print(f"--- seed {seed}, input {number}: {fault.kind}\n{fault.told}\n")
    print(raw.decode("utf-8", "backslashreplace"), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop then")
    parser.add_argument("--count", type=int, help="stop after so many inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--jobs", type=int, default=1)
    sys.exit(run(parser.parse_args()) > 0)


if __name__ == "__main__":
    main()
