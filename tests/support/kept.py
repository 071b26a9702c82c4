"""Processes that one test hands on to the next: to start one takes 1 s of CPU where it checks files, 4 s with torch.

For tests that ask what a run finds and tells. Those of how processes start, what they load and how they end have
fresh ones.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Mapping

from shapelint.pipeline.processes.bounds import START_SECONDS
from shapelint.process.path import search_path
from shapelint.process.start import Process, ProcessError, RaisedError
from shapelint.project.reads import forget

CHECKER = "shapelint.pipeline.processes.checker"


class Kept(Process):
    """A process that waits for the next run when a run ends it, unless it is dead or owes an answer."""

    def __init__(self, waits: Callable[[Kept], None], module: str, *how: object) -> None:
        super().__init__(module, *how)  # type: ignore[arg-type]  # as Process takes them
        self._waits = waits
        self._owes = False

    @property
    def is_fit(self) -> bool:
        return not self._owes and self._process.poll() is None

    def ask(self, request: bytes, seconds: float) -> bytes:
        self._owes = True
        try:
            answer = super().ask(request, seconds)
        except RaisedError:
            self._owes = False
            raise
        self._owes = False
        return answer

    def stop(self) -> None:
        if self.is_fit:
            self._waits(self)
        else:
            self.end()

    def end(self) -> None:
        super().stop()


class Stock:
    """The processes that wait, each with what it was started with."""

    def __init__(self) -> None:
        self._path = search_path(sys.path, os.getcwd())
        self._waiting: list[tuple[object, Kept]] = []

    def process(
        self,
        module: str,
        folder: str | None = None,
        environment: Mapping[str, str] | None = None,
        python: str | None = None,
    ) -> Process:
        """What `Process` gives, but that it may have served another run. It stands in this process's folder."""
        started = (module, folder, environment, python)
        if search_path(sys.path, os.getcwd()) != self._path:  # a test adds code of its own
            return Process(*started)
        for one in [one for one in self._waiting if one[0] == started]:
            self._waiting.remove(one)
            if _begins_anew(one[1], module):
                return one[1]
            one[1].end()
        return Kept(lambda process: self._waiting.append((started, process)), *started)

    def end(self) -> None:
        for _, process in self._waiting:
            process.end()


def _begins_anew(process: Kept, module: str) -> bool:
    """Let a process that checks files stand where a fresh one would, and know as little of files."""
    if not process.is_fit:
        return False
    try:
        for call in ((os.chdir, (os.getcwd(),)), (forget, ())) if module == CHECKER else ():
            process.ask(pickle.dumps(call), START_SECONDS)
    except ProcessError:
        return False
    return True
