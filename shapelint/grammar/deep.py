"""A stack deep enough for code that nests deeply, wherever the caller runs.

Python's parser recurses on the machine's stack, and gives up where there may be too little of it: the main thread has
1 MB on Windows and 8 MB on Linux, an editor's worker threads 0.5 MB on macOS. A sum of some thousand terms, which
generated code does hold, needs more.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

STACK_BYTES = 256 << 20  #: reserved, not used: the system commits only the pages that are touched
FRAMES = 50_000

Result = TypeVar("Result")

_lock = threading.Lock()  # the stack size and the recursion limit belong to the whole process


class _Task(Generic[Result]):
    """A call with its outcome, which a thread leaves behind for its starter."""

    def __init__(self, function: Callable[[], Result]) -> None:
        self.function = function
        self.result: list[Result] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result.append(self.function())
        except BaseException as error:
            self.error = error


def with_deep_stack(function: Callable[[], Result]) -> Result:
    """What `function()` returns or raises, run in a thread of its own with a large stack."""
    task = _Task(function)
    with _lock:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, FRAMES))
        try:
            _run_in_thread(task)
        finally:
            sys.setrecursionlimit(limit)
    if task.error is not None:
        raise task.error
    return task.result[0]


def _run_in_thread(task: _Task[Result]) -> None:
    thread = threading.Thread(target=task.run, name="shapelint-parse", daemon=True)
    size = threading.stack_size(STACK_BYTES)
    try:
        thread.start()
    except RuntimeError:  # no room for such a stack under this process's limits: the caller's has to do
        task.run()
    else:
        thread.join()
    finally:
        threading.stack_size(size)
