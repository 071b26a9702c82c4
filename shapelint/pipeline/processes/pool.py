"""Check files in processes of their own, several at a time: the results as they come."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from shapelint.pipeline.check import FileCheck, internal_error
from shapelint.pipeline.processes.bounds import Bounded, BoundsError
from shapelint.pipeline.processes.task import Task, run_task
from shapelint.pipeline.progress import Progress
from shapelint.process.start import DeadError
from shapelint.source import Problem

WORTH_A_POOL = 400_000  #: bytes to check from which several processes pay for their start, when nobody asks for them

_WAIT_SECONDS = 0.2


def workers(sizes: Sequence[int], jobs: int) -> int:
    """How many processes check files of these sizes (`jobs` 0: as many as pay)."""
    if jobs:
        return min(jobs, len(sizes))
    return min(os.cpu_count() or 1, len(sizes)) if sum(sizes) >= WORTH_A_POOL else min(1, len(sizes))


class Pool:
    """Processes that check files, each with a thread here that feeds it, so that none waits for the reader of results.

    They start at once, and load what they need while the caller gets its tasks ready.
    """

    def __init__(self, processes: int, seconds: float, progress: Progress | None = None) -> None:
        """`seconds` are for each file."""
        self._progress = progress or Progress()
        self._checkers = [Bounded(seconds) for _ in range(processes)]
        self._tasks: SimpleQueue[tuple[int, Task]] = SimpleQueue()
        self._ended: SimpleQueue[int] = SimpleQueue()
        self._outcomes: dict[int, FileCheck] = {}
        self._threads: list[threading.Thread] = []
        for checker in self._checkers:
            with suppress(DeadError):  # `call` tells it
                checker.start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def checks(self, tasks: Sequence[Task]) -> Iterator[tuple[int, FileCheck]]:
        """Each task's number and outcome, in the order in which they end; to be called once."""
        for number in sorted(range(len(tasks)), key=lambda number: -len(tasks[number].raw)):
            self._tasks.put((number, tasks[number]))
        for checker in self._checkers:
            thread = threading.Thread(target=self._feed, args=(checker,), daemon=True)
            self._threads.append(thread)
            thread.start()
        for _ in tasks:
            number = self._next()
            yield number, self._outcomes[number]

    def outcomes(self) -> dict[int, FileCheck]:
        """The outcomes so far by the tasks' numbers: an interruption may lose what `checks` is about to give."""
        return self._outcomes.copy()

    def close(self) -> None:
        """End the processes, also in the middle of a file."""
        for checker in self._checkers:
            checker.close()
        for thread in self._threads:
            thread.join()

    def _next(self) -> int:
        """The number of a task that has ended. A signal that comes just before a wait does not end the wait."""
        while True:
            with suppress(Empty):
                return self._ended.get(timeout=_WAIT_SECONDS)

    def _feed(self, checker: Bounded) -> None:
        with suppress(Empty):
            while not checker.closed:
                number, task = self._tasks.get_nowait()
                self._outcomes[number] = bounded_check(checker, task.path, run_task, task)
                self._progress.checked = len(self._outcomes)
                self._ended.put(number)


def bounded_check(checker: Bounded, path: str, check: Callable[..., FileCheck], *arguments: object) -> FileCheck:
    """What `check` gives for a file within bounds, or the problem that it has none; never raises."""
    try:
        return checker.call(check, *arguments)
    except BoundsError as why:
        problem = Problem(path, 1, f"cannot check the file: {why}", internal=True)
    except Exception as error:  # a slip of ours must not leave the reader of the checks waiting
        problem = internal_error(path, error)
    return FileCheck(path, problems=(problem,))
