"""What a run found, before it takes the form of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shapelint.finding import Finding, Status
from shapelint.source import Problem


@dataclass(frozen=True, slots=True)
class FileResult:
    """What was found in one file; every finding has its verdict. `text` is what the findings' spans mean."""

    path: str
    text: str = ""
    findings: tuple[Finding, ...] = ()
    refuted: tuple[Finding, ...] = ()  #: candidates that torch disproved
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """What was found in all files.

    `files` counts the files that were looked at, `checked` those with recurrent layers, which were analysed;
    `results` are in the order of their paths and hold only files of which there is something to tell.
    """

    files: int
    checked: int
    results: tuple[FileResult, ...]
    torch: str | None = None

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order of path and place."""
        return [finding for result in self.results for finding in result.findings]

    @property
    def refuted(self) -> list[Finding]:
        """All candidates that torch disproved."""
        return [finding for result in self.results for finding in result.refuted]

    @property
    def problems(self) -> list[Problem]:
        """All reasons why a file could not be checked."""
        return [problem for result in self.results for problem in result.problems]

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each file by its path."""
        return {result.path: result.text for result in self.results}

    def count(self, status: Status) -> int:
        """How many findings have this verdict."""
        pool: Iterator[Finding] = iter(self.refuted if status is Status.REFUTED else self.findings)
        return sum(finding.verdict is not None and finding.verdict.status is status for finding in pool)
