"""A worker's side of an executor: a chunk of files in, what became of them out.

A worker's own process analyses nothing, as that of the command does not: each of its threads starts a process that
checks and one that runs torch, and keeps them for the next chunk of the same run. They end when there is none.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator

from shapelint.effort import spent
from shapelint.pipeline.executors.versions import Versions
from shapelint.pipeline.executors.wire import (
    Answer,
    Request,
    SentJudgement,
    SentTask,
    answer_bytes,
    request_of,
    versions_of,
)
from shapelint.pipeline.processes.bounds import Bounded
from shapelint.pipeline.processes.pool import bounded_check
from shapelint.pipeline.processes.task import run_task
from shapelint.pipeline.verdicts import judgement
from shapelint.project.reads import State, digest
from shapelint.source import read_regular
from shapelint.verify.client import Verifier

IDLE_SECONDS = 30.0  #: after which the processes of a thread end: an executor tells nobody that a run is over


def check_chunk(raw: bytes) -> bytes:
    """What became of the files of a request, as `wire` has both; never raises."""
    host = platform.node()
    try:
        versions, rest = versions_of(raw)
        refusal = Versions.of_this(prove=bool(versions.torch)).refusal(versions)
        answer = Answer(host, refusal) if refusal else _station().answer(host, request_of(rest))
    except Exception as error:  # a slip of ours would be taken for a lost worker
        answer = Answer(host, f"{type(error).__name__}: {error}")
    return answer_bytes(answer)


class Station:
    """What a thread keeps from one chunk of a run to the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # the timer has a thread of its own
        self._run = ""
        self._checker: Bounded | None = None
        self._verifier: Verifier | None = None
        self._timer: threading.Timer | None = None

    def answer(self, host: str, request: Request) -> Answer:
        """Check the files one after the other."""
        if not os.path.isdir(request.folder):
            return Answer(host, f"it has no folder {request.folder}, in which the run stands; see docs/scale.md")
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            states: dict[str, State] = {}
            judgements = tuple(self._judgements(request, states))
            sent = tuple(state for key, state in states.items() if key not in request.known)
            torch, failure = self._torch(request)
            effort = spent()
            self._timer = threading.Timer(IDLE_SECONDS, self._leave)
            self._timer.daemon = True
            self._timer.start()
        took = (tuple(effort.seconds.items()), tuple(effort.work.items()))
        return Answer(host, None, judgements, sent, torch, failure, *took)

    def _judgements(self, request: Request, states: dict[str, State]) -> Iterator[SentJudgement]:
        checker, verifier = self._processes(request)
        for sent in request.tasks:
            try:
                task = sent.task(_raw_of(sent, request.folder))
            except OSError as error:
                yield SentJudgement(unseen=error.strerror or str(error))
                continue
            check = bounded_check(checker, task.path, run_task, task)
            states.update(check.reads.states if request.keeps else {})
            yield SentJudgement.of(judgement(check, verifier if request.prove else None, request.why), request.keeps)

    def _processes(self, request: Request) -> tuple[Bounded, Verifier]:
        """Those of this run: what another one has read may be otherwise now."""
        if self._checker is None or self._verifier is None or self._run != request.run:
            self._end()
            self._run = request.run
            self._checker, self._verifier = Bounded(request.seconds, request.folder), Verifier()
        return self._checker, self._verifier

    def _torch(self, request: Request) -> tuple[str | None, str | None]:
        """The version that was run, or why none could be; a request without files asks for no more than that."""
        if self._verifier is None or not request.prove:
            return None, None
        if not request.tasks:
            self._verifier.ready()
        torch = self._verifier.torch
        return torch, None if torch else self._verifier.failure

    def _leave(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._checker is not None:
            self._checker.close()
        if self._verifier is not None:
            self._verifier.close()
        self._checker = self._verifier = None


def _raw_of(sent: SentTask, folder: str) -> bytes:
    """The content that is to be checked; raises OSError where this machine does not see it."""
    if sent.unsaved_raw is not None:
        return sent.unsaved_raw
    raw = read_regular(os.path.join(folder, sent.path))
    if digest(raw) != sent.content:
        raise OSError("it has another content there")
    return raw


_of_thread = threading.local()


def _station() -> Station:
    """The station of this thread, with which its processes end."""
    station: Station | None = getattr(_of_thread, "station", None)
    if station is None:
        station = _of_thread.station = Station()
    return station
