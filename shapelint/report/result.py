"""What a run found, before it takes the form of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.finding import Finding, Status
from shapelint.report.graph.data import Graph
from shapelint.source import UNWRITTEN, Problem

if TYPE_CHECKING:
    from shapelint.notebooks.places import Places


@dataclass(frozen=True, slots=True)
class Change:
    """What fixes make of a file's content; `written` when the file holds it."""

    path: str
    before: bytes
    after: bytes
    written: bool = False


@dataclass(frozen=True, slots=True)
class Unfixed:
    """A finding whose fix was asked for and not applied, and why."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What was found in one file; every finding has its verdict. `text` is what the findings' spans mean.

    With a `change` the text is the mended one, the findings are those that remain, and `fixed` are gone.
    """

    path: str
    text: str = ""
    findings: tuple[Finding, ...] = ()
    refuted: tuple[Finding, ...] = ()  #: candidates that torch disproved
    problems: tuple[Problem, ...] = ()
    fixed: int = 0
    unfixed: tuple[Unfixed, ...] = ()
    change: Change | None = None
    graphs: tuple[Graph, ...] = ()  #: its data flows, where a report wants them


def is_unchecked(result: FileResult) -> bool:
    """Whether a file could not be checked; one of whose cells some could not was."""
    return any(problem.code != UNWRITTEN and problem.cell is None for problem in result.problems)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run ended early by a signal, given by its number, before some files with PyTorch code were checked."""

    signal: int
    unchecked: int


@dataclass(frozen=True, slots=True, order=True)
class Skipped:
    """A file or folder that was not looked into, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """What was found in all files.

    `files` counts the files that were looked at, `checked` those of them that speak of torch, which were analysed;
    what could not be checked is in neither, and among the `problems`;
    `results` are in the order of their paths and hold only files of which there is something to tell.
    `unproven` says why torch proved nothing.
    """

    files: int
    checked: int
    results: tuple[FileResult, ...]
    torch: str | None = None
    unproven: str | None = None
    stopped: Stopped | None = None
    trouble: str | None = None  #: why nothing is kept for the next run
    skipped: tuple[Skipped, ...] = ()
    again: int = 0  #: files whose results are those of an earlier run

    def told(self, show_refuted: bool) -> list[Finding]:
        """The findings of a report, with the disproved candidates if they are asked for, in the order of the code."""
        findings = self.findings + (self.refuted if show_refuted else [])
        return sorted(findings, key=lambda finding: (finding.path, finding.span, finding.code))

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
    def unchecked(self) -> int:
        """How many paths could not be checked."""
        return len({result.path for result in self.results if is_unchecked(result)})

    @property
    def broken_cells(self) -> int:
        """How many cells of notebooks could not be checked."""
        return sum(problem.cell is not None for problem in self.problems)

    @property
    def unwritten(self) -> int:
        """How many files could not be written."""
        return len({problem.path for problem in self.problems if problem.code == UNWRITTEN})

    @property
    def changes(self) -> list[Change]:
        """What fixes make of the files."""
        return [result.change for result in self.results if result.change]

    @property
    def unfixed(self) -> list[Unfixed]:
        """All findings whose fix was asked for and not applied."""
        return [unfixed for result in self.results for unfixed in result.unfixed]

    @property
    def fixed(self) -> int:
        """How many findings the changes take away."""
        return sum(result.fixed for result in self.results)

    @property
    def places(self) -> Places:
        """Where the findings are, as it is told: in a file, or in a cell of a notebook."""
        from shapelint.notebooks.places import Places

        return Places(self.texts)

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each file by its path."""
        return {result.path: result.text for result in self.results}

    def count(self, status: Status) -> int:
        """How many findings have this verdict."""
        pool: Iterator[Finding] = iter(self.refuted if status is Status.REFUTED else self.findings)
        return sum(finding.verdict is not None and finding.verdict.status is status for finding in pool)
