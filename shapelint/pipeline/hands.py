"""Who checks the files of a run: processes of this machine here, or the workers of an executor (`executors/`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from shapelint.pipeline.processes.pool import Pool
from shapelint.pipeline.processes.task import Task
from shapelint.pipeline.verdicts import Judgement, judgement, unproven
from shapelint.report.result import FileResult

if TYPE_CHECKING:
    from shapelint.verify.client import Verifier

INTERRUPTED = "the run was interrupted"


class Hands(Protocol):
    """Checks files, and has the findings proven."""

    @property
    def torch(self) -> str | None:
        """The version of the torch that was run so far."""

    @property
    def failure(self) -> str | None:
        """Why torch could not be run, or was not to be."""

    def judgements(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Judgement]]:
        """Each task's number and what became of it, in the order in which they end; to be called once."""

    def left(self) -> dict[int, FileResult]:
        """What has ended when `judgements` is interrupted, by the tasks' numbers; it may not have given all of that."""

    def ready(self) -> bool:
        """Whether torch can be run; where it cannot, `failure` says why."""


class Local:
    """Processes of this machine check the files, and one more proves the findings, in the order in which they come."""

    def __init__(self, pool: Pool, verifier: Verifier | None, why: str) -> None:
        """Without a `verifier`, `why` says why nothing is proven."""
        self._pool = pool
        self._verifier = verifier
        self._why = why

    @property
    def torch(self) -> str | None:
        """The version that was run."""
        return self._verifier.torch if self._verifier else None

    @property
    def failure(self) -> str | None:
        """Why torch could not be run."""
        return self._verifier.failure if self._verifier else self._why

    def judgements(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Judgement]]:
        """Check and prove."""
        for number, check in self._pool.checks(tasks):
            yield number, judgement(check, self._verifier, self._why)

    def left(self) -> dict[int, FileResult]:
        """What is checked and was not proven yet, or was about to be given."""
        return {number: unproven(check, INTERRUPTED) for number, check in self._pool.outcomes().items()}

    def ready(self) -> bool:
        """Wait until torch is imported."""
        return self._verifier is not None and self._verifier.ready()
