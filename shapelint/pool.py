"""Check files in this process or in several: same results, in the order of the tasks.

Torch is never loaded in a process of the pool, nor in the one that makes it: a forked torch hangs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from shapelint.check import FileCheck, Wanted, check_bytes
from shapelint.source import Problem

WORTH_A_POOL = 400_000  #: bytes to check from which processes pay for their start, when nobody asks for them


@dataclass(frozen=True, slots=True)
class Task:
    """A file's content, and what is asked of its check."""

    path: str
    raw: bytes
    wanted: Wanted


def check_all(tasks: Sequence[Task], jobs: int, started: Callable[[], None]) -> list[FileCheck]:
    """Check all tasks with `jobs` processes (0: as many as pay).

    `started` is called once, when the checks are under way or about to be; a pool has forked by then.
    """
    count = workers(tasks, jobs)
    if count < 2:
        started()
        return [run_task(task) for task in tasks]
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(count) as pool:
        order = sorted(range(len(tasks)), key=lambda i: -len(tasks[i].raw))
        futures = {i: pool.submit(run_task, tasks[i]) for i in order}
        started()
        return [_outcome(tasks[i], futures[i]) for i in range(len(tasks))]


def workers(tasks: Sequence[Task], jobs: int) -> int:
    """How many processes check the tasks."""
    if jobs:
        return min(jobs, len(tasks))
    total = sum(len(task.raw) for task in tasks)
    return min(os.cpu_count() or 1, len(tasks)) if total >= WORTH_A_POOL else 1


def run_task(task: Task) -> FileCheck:
    """Check one file; never raises."""
    return check_bytes(task.path, task.raw, task.wanted)


def _outcome(task: Task, future: Future[FileCheck]) -> FileCheck:
    """A future's result. A worker that dies takes its pool along: the task gets a process of its own."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result()
    except BrokenProcessPool:
        return _check_alone(task)


def _check_alone(task: Task) -> FileCheck:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    with ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(run_task, task).result()
        except BrokenProcessPool:
            message = "internal error: the process that checked it died: please report this with the file"
            return FileCheck(task.path, problems=(Problem(task.path, 1, message, internal=True),))
