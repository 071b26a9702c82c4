"""Calls within bounds of time and memory, made in a process of its own that can be ended.

Neither a time-out nor a lack of memory can be had safely in the own process: native code, as Python's parser is, gives
no other thread a turn, and a process that gets no memory may be aborted.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from typing import TypeVar

from shapelint.effort import take_in
from shapelint.process.start import DeadError, OverdueError, Process, ProcessError

FILE_SECONDS = 30.0  #: for one file, unless the configuration says otherwise
START_SECONDS = 120.0  #: for a process to get ready, which is no file's fault

_MODULE = "shapelint.pipeline.processes.checker"

Result = TypeVar("Result")


class BoundsError(Exception):
    """A call did not end within its bounds; the text says which."""


class Bounded:
    """Calls functions in another process, which is kept for the next call, and replaced when it is lost."""

    def __init__(self, seconds: float = FILE_SECONDS, folder: str | None = None) -> None:
        """The process stands in another `folder` than this one, if given."""
        self._seconds = seconds
        self._folder = folder
        self._process: Process | None = None
        self._ready = False
        self.closed = False
        self._lock = threading.Lock()  # a process must not start while another thread closes

    def start(self) -> Process:
        """Start the process, if there is none, and return at once; raises DeadError."""
        with self._lock:
            if self.closed:
                raise DeadError("was given up")
            if self._process is None:
                self._process = Process(_MODULE, self._folder)
            return self._process

    def call(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What a function of this package gives for arguments that pickle; raises BoundsError."""
        request = pickle.dumps((function, arguments))
        try:
            try:
                answer = self._ask(request)
            except DeadError:  # who kills a process need not mean the file
                answer = self._ask(request)
        except ProcessError as error:
            raise BoundsError(f"the check {error}") from None
        result: Result
        result, effort = pickle.loads(answer)
        take_in(effort)
        return result

    def close(self) -> None:
        """End the process; a call that another thread makes raises BoundsError."""
        with self._lock:
            self.closed = True
            if self._process is not None:
                self._process.stop()

    def _ask(self, request: bytes) -> bytes:
        process = self.start()
        try:
            if not self._ready:
                process.ask(b"", START_SECONDS)
                self._ready = True
            return process.ask(request, self._seconds)
        except (DeadError, OverdueError):
            self._process, self._ready = None, False
            raise
