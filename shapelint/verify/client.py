"""The side of the analysis: starts the worker process, sends programs, gets verdicts. Never imports torch."""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from shapelint.finding import Status, Verdict
from shapelint.verify.program import Program
from shapelint.verify.properties import status

START_SECONDS = 120.0  #: for torch's import, from a cold disk
PROGRAM_SECONDS = 10.0
MAX_STARTS = 4

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from shapelint.verify.worker import main; main()"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerError(Exception):
    """The worker gave no answer; the text says why."""


def available() -> bool:
    """Whether torch can be imported, told without importing it."""
    try:
        return bool(sys.executable) and importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        return False


class Verifier:
    """Asks torch about programs, in one worker process that is restarted a few times if it dies or hangs.

    `ran` counts the programs sent to a worker, `starts` the workers started; `torch` is the version that ran,
    None before the first program. `failure` says why the last worker that failed did.
    """

    def __init__(self, program_seconds: float = PROGRAM_SECONDS, start_seconds: float = START_SECONDS) -> None:
        self.program_seconds = program_seconds
        self.start_seconds = start_seconds
        self.ran = 0
        self.starts = 0
        self.torch: str | None = None
        self.failure: str | None = None
        self._worker: _Worker | None = None
        self._verdicts: dict[Program, Verdict] = {}

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker and return at once: torch's import overlaps what the caller does next."""
        if self._worker is None and self.starts < MAX_STARTS:
            self.starts += 1
            self._worker = _Worker(self.start_seconds)

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def check(self, programs: Sequence[Program]) -> list[Verdict]:
        """A verdict for each program; equal programs are run once, now and in later calls."""
        for program in programs:
            if program not in self._verdicts:
                self._verdicts[program] = self._ask(program)
        return [self._verdicts[program] for program in programs]

    def _ask(self, program: Program) -> Verdict:
        tested = str(program.document["property"])
        try:
            self.start()
            if self._worker is None:
                raise WorkerError("the worker process failed too often")
            self._worker.wait_until_ready()
            self.ran += 1
            self.torch = self._worker.torch
            answer = self._worker.ask(program, self.program_seconds)
            return _verdict(tested, answer, self._worker.torch)
        except WorkerError as why:
            self.failure = str(why)
        except OSError as error:
            self.failure = f"the worker process cannot be used: {error}"
        self.close()
        return Verdict(Status.UNVERIFIED, tested, self.failure)


@dataclass(frozen=True, slots=True)
class _End:
    """Put in the queue of answers when the worker's output ends."""


class _Worker:
    """One worker process. Its answers are read by a thread, so that waiting for them can time out."""

    def __init__(self, start_seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(search_path(sys.path, os.getcwd()))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
            encoding="utf-8",
        )
        self.torch: str | None = None
        self._start_seconds = start_seconds
        self._next = 0
        self._answers: queue.SimpleQueue[str | _End] = queue.SimpleQueue()
        assert self.process.stdout is not None
        threading.Thread(target=_read, args=(self.process.stdout, self._answers), daemon=True).start()

    def wait_until_ready(self) -> None:
        """Wait for torch's import; raises WorkerError."""
        if self.torch is None:
            self.torch = str(self._answer(self._start_seconds, "torch's import")["ready"])

    def ask(self, program: Program, seconds: float) -> dict[str, Any]:
        """Send a program and wait for its answer; raises WorkerError."""
        self._next += 1
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f'{{"id": {self._next}, "program": {program.text}}}\n')
            self.process.stdin.flush()
        except OSError:
            raise WorkerError("the worker process died") from None
        return self._answer(seconds, "the program")

    def stop(self) -> None:
        """Kill the process: it holds nothing that is worth a tidy end."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _answer(self, seconds: float, what: str) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise WorkerError(f"{what} took more than {seconds:g} s") from None
        if isinstance(line, _End):
            raise WorkerError(f"the worker process died during {what}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def search_path(path: Sequence[str], current: str) -> list[str]:
    """Leave out the current directory, whose modules are not ours to run, from a module search path.

    This package's own folder keeps its place: behind it there may be another version of the package.
    """
    here = os.path.realpath(current)
    kept = [entry for entry in path if entry and (entry == _PACKAGE_ROOT or os.path.realpath(entry) != here)]
    return kept if _PACKAGE_ROOT in kept else [*kept, _PACKAGE_ROOT]


def _read(stream: IO[str], answers: queue.SimpleQueue[str | _End]) -> None:
    with suppress(ValueError):  # closed while reading
        for line in stream:
            answers.put(line)
    answers.put(_End())


def _verdict(property: str, answer: dict[str, Any], torch: str | None) -> Verdict:
    if "unverified" in answer:
        return Verdict(Status.UNVERIFIED, property, answer["unverified"], torch=torch)
    grid = answer["footprint"]
    footprint = None if grid is None else tuple(tuple(tuple(steps) for steps in row) for row in grid)
    return Verdict(status(property, answer["holds"]), property, answer["detail"], footprint, torch)
