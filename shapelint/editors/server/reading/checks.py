"""The two processes of a session: one reads texts, one runs torch. Each is asked by a thread of its own, in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from shapelint.finding import Finding
from shapelint.pipeline.check import Candidate, FileCheck
from shapelint.pipeline.processes.bounds import Bounded
from shapelint.pipeline.run import NOT_INSTALLED
from shapelint.pipeline.verdicts import proven, unproven
from shapelint.verify.client import Verifier, available

Result = TypeVar("Result")


class Reader:
    """The process that reads texts. A question that nobody waits for any more is not asked."""

    def __init__(self) -> None:
        self._bounded = Bounded()
        self._thread = ThreadPoolExecutor(1)

    async def ask(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What a function gives there; raises BoundsError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._bounded.call, function, *arguments)

    def close(self) -> None:
        """End the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._bounded.close()


class Prover:
    """The process that runs torch, started with the first finding. `python` is the interpreter that has the torch."""

    def __init__(self, python: str | None = None) -> None:
        self.python = python
        self._verifier = Verifier(python=python)
        self._thread = ThreadPoolExecutor(1)

    def start(self) -> None:
        """Have torch be imported while the programs are made."""
        if self.python is not None or available():
            self._thread.submit(self._verifier.start)

    async def ask(self, check: FileCheck, candidate: Candidate) -> Finding | None:
        """A finding with torch's verdict; None where torch disproves it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._judged, replace(check, candidates=(candidate,)))

    def close(self) -> None:
        """End the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._verifier.give_up()

    def _judged(self, check: FileCheck) -> Finding | None:
        if self.python is None and not available():
            return unproven(check, NOT_INSTALLED).findings[0]
        return next(iter(proven(check, self._verifier).findings), None)
