"""The run's side of an executor: chunks of files are sent, and sent again when they get lost."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from shapelint.effort import take_in
from shapelint.pipeline.executors.failure import ExecutorError, told
from shapelint.pipeline.executors.versions import Versions
from shapelint.pipeline.executors.wire import Answer, Request, SentTask, answer_of, request_bytes
from shapelint.pipeline.executors.worker import check_chunk
from shapelint.pipeline.processes.task import Task
from shapelint.pipeline.progress import Progress
from shapelint.pipeline.verdicts import Judgement
from shapelint.project.reads import Reads, State
from shapelint.report.result import FileResult
from shapelint.source import Problem, read_regular

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

CHUNK_BYTES = 200_000  #: of code in a chunk at most, some seconds' work; files are whole
CHUNK_FILES = 32
MIN_CHUNK_BYTES = 20_000  #: less would not be worth its way
WANTED_CHUNKS = 256  #: of a run, where that leaves the smallest ones: so that many workers have work, to the end
WINDOW = 2_000  #: chunks on their way at once
MAX_LOST = 5  #: chunks in a row without a result: the executor is of no use
MAX_KNOWN = 64  #: states that a request names

_WAIT_SECONDS = 0.2

Chunk = tuple[int, ...]  #: the numbers of tasks


class Remote:
    """Sends chunks to an executor, which is left open.

    A chunk whose worker is lost is not lost with it: when all others are done, its files are sent again, one at a time
    and nothing beside them, so that a worker that is lost then is lost by that file, or twice by nobody's fault.
    """

    def __init__(
        self, executor: Executor, seconds: float, prove: bool, why: str, progress: Progress, keeps: bool
    ) -> None:
        """`seconds` are for each file; `why` says why nothing is proven, if nothing is."""
        self.torch: str | None = None
        self.failure: str | None = None if prove else why
        self._executor = executor
        self._versions = Versions.of_this(prove)
        #: the last one that was sent
        self._request = Request(os.urandom(8).hex(), 0, os.getcwd(), seconds, prove, why, keeps, (), ())
        self._progress = progress
        self._lost = 0  #: chunks in a row
        self._pending: dict[Future[bytes], Chunk] = {}
        self._ended: SimpleQueue[Future[bytes]] = SimpleQueue()
        self._states: dict[str, State] = {}
        self._arrived: dict[int, FileResult] = {}

    def judgements(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Judgement]]:
        """Send all, then what got lost."""
        lost: list[int] = []
        waiting = deque(chunks(tasks))
        while waiting or self._pending:
            while waiting and len(self._pending) < WINDOW:
                self._send(tasks, waiting.popleft())
            chunk, judgements = self._next(tasks)
            if isinstance(judgements, str):
                lost.extend(chunk)
            else:
                yield from self._arrive(chunk, judgements)
        for number in sorted(lost):
            if self._arrived:
                self._lost = 0  # the executor is of use, so it is the files' fault
            self._send(tasks, (number,))
            chunk, judgements = self._next(tasks)
            if isinstance(judgements, str):
                judgements = [_unchecked(tasks[number], f"its worker was lost twice ({judgements})")]
            yield from self._arrive(chunk, judgements)

    def left(self) -> dict[int, FileResult]:
        """What has come back."""
        return self._arrived.copy()

    def ready(self) -> bool:
        """Have a worker import torch, unless one has: a chunk without files asks for no more."""
        if self.torch is None:
            self._send((), ())
            _, judgements = self._next(())
            self.failure = judgements if isinstance(judgements, str) else self.failure
        return self.torch is not None

    def close(self) -> None:
        """Call back what nobody works on yet; what is being worked on ends with its chunk, and is dropped."""
        for future in self._pending:
            future.cancel()

    def _send(self, tasks: Sequence[Task], chunk: Chunk) -> None:
        self._request = replace(
            self._request,
            number=self._request.number + 1,
            known=tuple(self._states)[-MAX_KNOWN:],
            tasks=tuple(SentTask.of(tasks[number]) for number in chunk),
        )
        try:
            future = self._executor.submit(check_chunk, request_bytes(self._versions, self._request))
        except ExecutorError:
            raise
        except Exception as error:  # it is broken, or closed
            raise ExecutorError(f"the executor takes no work: {told(error)}") from None
        self._pending[future] = chunk
        future.add_done_callback(self._ended.put)

    def _next(self, tasks: Sequence[Task]) -> tuple[Chunk, list[Judgement] | str]:
        """A chunk that has ended, and what became of its files, or why it is lost; raises ExecutorError."""
        future = self._wait()
        chunk = self._pending.pop(future)
        try:
            answer = answer_of(future.result())
            judgements = self._read(answer, [tasks[number] for number in chunk])
        except (ExecutorError, KeyboardInterrupt):
            raise
        except ImportError as error:
            raise ExecutorError(f"a worker does not have this version of shapelint: {error}") from None
        except BaseException as error:  # what ended a worker may be no Exception
            self._lost += 1
            if self._lost >= MAX_LOST:
                raise ExecutorError(f"{self._lost} chunks in a row got lost: {told(error)}") from None
            return chunk, told(error)
        self._lost = 0
        take_in(answer.effort)
        return chunk, judgements

    def _wait(self) -> Future[bytes]:
        """The next future that has ended. A signal that comes just before a wait does not end the wait."""
        while True:
            with suppress(Empty):
                return self._ended.get(timeout=_WAIT_SECONDS)

    def _read(self, answer: Answer, tasks: Sequence[Task]) -> list[Judgement]:
        """What an answer says of the files; raises ExecutorError when it refuses, ValueError when it says nonsense."""
        if answer.refused:
            raise ExecutorError(f"the worker on {answer.host} cannot check anything: {answer.refused}")
        self._states.update(answer.by_digest)
        self.torch, self.failure = self.torch or answer.torch, self.failure or answer.failure
        return [
            sent.judgement(task, self._states) if sent.unseen is None else _unseen(task, answer.host, sent.unseen)
            for task, sent in zip(tasks, answer.judgements, strict=True)
        ]

    def _arrive(self, chunk: Chunk, judgements: Sequence[Judgement]) -> Iterator[tuple[int, Judgement]]:
        for number, judgement in zip(chunk, judgements, strict=True):
            self._arrived[number] = judgement.result
            self._progress.checked = len(self._arrived)
            yield number, judgement


def chunks(tasks: Sequence[Task]) -> Iterator[Chunk]:
    """The tasks in chunks of about the same size, neighbours together: they import the same files."""
    size = min(max(sum(len(task.raw) for task in tasks) // WANTED_CHUNKS, MIN_CHUNK_BYTES), CHUNK_BYTES)
    chunk: list[int] = []
    room = size
    for number, task in enumerate(tasks):
        if chunk and (len(task.raw) > room or len(chunk) >= CHUNK_FILES):
            yield tuple(chunk)
            chunk, room = [], size
        chunk.append(number)
        room -= len(task.raw)
    if chunk:
        yield tuple(chunk)


def _unseen(task: Task, host: str, why: str) -> Judgement:
    """Of a file that a worker does not see as this machine does; raises ExecutorError where it has not changed here."""
    with suppress(OSError):
        if read_regular(task.path) == task.raw:
            raise ExecutorError(
                f"the worker on {host} cannot read the project: {os.path.abspath(task.path)}: {why}; "
                "all workers must see its files under the same paths, see docs/scale.md"
            )
    return _unchecked(task, "it was changed during the run")


def _unchecked(task: Task, why: str) -> Judgement:
    problem = Problem(task.path, 1, f"cannot check the file: {why}", internal=True)
    return Judgement(FileResult(task.path, problems=(problem,)), Reads())
