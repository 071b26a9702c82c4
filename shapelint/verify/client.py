"""The side of the analysis: starts the worker process, sends programs, gets verdicts. Never imports torch."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from shapelint.claims.values.raises import Raises
from shapelint.effort import count
from shapelint.finding import Status, Verdict
from shapelint.process.start import DeadError, Process, ProcessError, RaisedError
from shapelint.verify.program.program import Program

START_SECONDS = 120.0  #: for torch's import, from a cold disk
PROGRAM_SECONDS = 10.0
MAX_STARTS = 3  #: workers in a row that never get ready: torch cannot be used here
MAX_LOST = 5  #: programs in a row without an answer: the next ones would be a waste of time

_MODULE = "shapelint.verify.worker.main"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_ATTEMPTS = 2
_IMPORT = "import"  #: what stands for a program that does nothing else


def available() -> bool:
    """Whether torch can be imported, told without importing it."""
    try:
        return bool(sys.executable) and importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        return False


class Known(Protocol):
    """The verdicts that are kept from run to run, by the digests of programs."""

    def get(self, digest: str) -> Verdict | None:
        """The verdict on a program, if there is one."""

    def put(self, digest: str, verdict: Verdict) -> None:
        """Keep a verdict."""


class Verifier:
    """Asks torch about programs, in one worker process that is started again when it dies or hangs.

    A program whose worker fails is asked once more, for the program need not be the cause. If that fails, too, it costs
    this program only: the run goes on, unless `MAX_LOST` programs in a row were lost, or no worker gets ready.

    `ran` counts the programs sent to a worker, `starts` the workers started; `torch` is the version that ran,
    None before the first program. `failure` says why the last worker that failed did. `doubts` counts the answers that
    may be others the next time. What is in `known` is not run, and what torch says is put there. Another `python` than
    ours runs its own torch.
    """

    def __init__(
        self,
        program_seconds: float = PROGRAM_SECONDS,
        start_seconds: float = START_SECONDS,
        known: Known | None = None,
        python: str | None = None,
    ) -> None:
        self.python = python
        self.program_seconds = program_seconds
        self.start_seconds = start_seconds
        self.known = known
        self.ran = 0
        self.starts = 0
        self.doubts = 0
        self.asked = 0
        self.torch: str | None = None
        self.failure: str | None = None
        self._worker: Process | None = None
        self._ready = False
        self._unready = 0  #: starts in a row of workers that did not get ready
        self._lost = 0  #: programs in a row that got no answer
        self._verdicts: dict[Program, Verdict] = {}
        self._doubtful: set[Program] = set()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker and return at once: torch's import overlaps what the caller does next."""
        if self._worker is not None or self._unready >= MAX_STARTS:
            return
        self.starts += 1
        self._unready += 1
        try:
            # nothing that torch loads by a bare name comes from the current folder
            self._worker = Process(_MODULE, Path(__file__).anchor, _ONE_THREAD, self.python)
        except DeadError as why:
            self._fail("the worker process", why)
            self._unready = MAX_STARTS

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.stop()
        self._worker, self._ready = None, False

    def give_up(self) -> None:
        """End the worker for good, also where another thread waits for its answer: none is started any more."""
        self._unready = MAX_STARTS
        self.close()

    def ready(self) -> bool:
        """Wait until torch is imported, unless an earlier run did; where it cannot be, `failure` says why."""
        before = self.known.get(_IMPORT) if self.known is not None else None
        if before is not None:
            self.torch = self.torch or before.torch
            return True
        is_ready = self._ready_worker() is not None
        if is_ready and self.known is not None:
            self.known.put(_IMPORT, Verdict(Status.CONFIRMED, "", "", torch=self.torch))
        return is_ready

    def check(self, programs: Sequence[Program]) -> list[Verdict]:
        """A verdict for each program; equal programs are run once, now and in later calls."""
        for program in programs:
            if program not in self._verdicts:
                self._verdicts[program] = self._known(program) or self._verdict(program)
            self.asked += 1
            self.doubts += program in self._doubtful
        return [self._verdicts[program] for program in programs]

    def _known(self, program: Program) -> Verdict | None:
        """What torch said in an earlier run."""
        verdict = self.known.get(program.digest) if self.known is not None else None
        self.torch = self.torch or (verdict.torch if verdict is not None else None)
        return verdict

    def _verdict(self, program: Program) -> Verdict:
        answer = self._answer(program) if self._lost < MAX_LOST else None
        tested = str(program.document["property"])
        if answer is None or answer.get("passing"):
            self._doubtful.add(program)
        if answer is None:
            return Verdict(Status.UNVERIFIED, tested, self.failure or "")
        verdict = _verdict(tested, answer, self.torch)
        if self.known is not None and program not in self._doubtful:
            self.known.put(program.digest, verdict)
        return verdict

    def _answer(self, program: Program) -> dict[str, Any] | None:
        for _ in range(_ATTEMPTS):
            worker = self._ready_worker()
            if worker is None:
                return None
            self.ran += 1
            count("programs")
            try:
                answer: dict[str, Any] = json.loads(worker.ask(program.text.encode(), self.program_seconds))
            except ProcessError as why:
                self._fail("the program", why)
            else:
                self._lost = 0
                return answer
        self._lost += 1
        return None

    def _ready_worker(self) -> Process | None:
        """The worker once torch is imported there; None where it cannot be."""
        while not self._ready:
            self.start()
            if self._worker is None:
                return None
            try:
                self.torch = self._worker.ask(b"", self.start_seconds).decode()
            except ProcessError as why:
                self._fail("torch's import", why)
                if isinstance(why, RaisedError):  # and it will again
                    self._unready = MAX_STARTS
            else:
                self._ready, self._unready = True, 0
        return self._worker

    def _fail(self, what: str, why: ProcessError) -> None:
        """Give the worker up."""
        self.failure = f"{what} {why}"
        self.close()


def _verdict(property: str, answer: dict[str, Any], torch: str | None) -> Verdict:
    if "unverified" in answer:
        return Verdict(Status.UNVERIFIED, property, answer["unverified"], torch=torch)
    grid = answer["footprint"]
    footprint = None if grid is None else tuple(tuple(tuple(steps) for steps in row) for row in grid)
    is_shown = answer["holds"] == (property == Raises.property)
    status = Status.CONFIRMED if is_shown else Status.REFUTED
    return Verdict(status, property, answer["detail"], footprint, torch)
