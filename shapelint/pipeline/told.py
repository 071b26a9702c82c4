"""Results of files as they are kept and sent: without the text, which the reader has, and looked at when they are read.

Who reads them has not made them: another run, or another machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.finding import Finding, Place
from shapelint.regex import regex
from shapelint.report.graph.data import Graph
from shapelint.report.result import FileResult
from shapelint.source import Problem, Source, Span, decode_source

if TYPE_CHECKING:
    from shapelint.pipeline.processes.task import Task

_CODE, _WORD = regex(r"SHP\d{3}"), regex(r"[\w.+-]*")


@dataclass(frozen=True, slots=True)
class Told:
    """A result without its text, and the version of the torch that was run for it."""

    findings: tuple[Finding, ...] = ()
    refuted: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    torch: str | None = None
    graphs: tuple[Graph, ...] = ()


def told_of(result: FileResult, torch: str | None) -> Told:
    """What is kept or sent of a check's result."""
    return Told(result.findings, result.refuted, result.problems, torch, result.graphs)


def result_of(task: Task, told: Told) -> FileResult:
    """The result of a check; raises ValueError where it cannot be one of the task's text."""
    text = _text(task) if told.findings or told.refuted or told.problems or told.graphs else ""
    for finding in (*told.findings, *told.refuted):
        refuse_forged(finding, task.path, text)
    return FileResult(task.path, text, told.findings, told.refuted, told.problems, graphs=told.graphs)


def refuse_forged(finding: Finding, path: str, text: str) -> None:
    """Raise ValueError for a finding that cannot be shown in a text: what is read may be anybody's work."""
    lines = Source(path, text).lines
    torch = (finding.verdict.torch if finding.verdict else None) or ""
    words = _CODE.fullmatch(finding.code) and _WORD.fullmatch(finding.name) and _WORD.fullmatch(torch)
    if finding.path != path or not words or not all(_lies_in(span, lines) for span in _spans(finding, path)):
        raise ValueError("no finding of this text")


def _text(task: Task) -> str:
    source = decode_source(task.path, task.raw)
    return "" if isinstance(source, Problem) else source.text


def _spans(value: object, path: str) -> Iterator[Span]:
    """The places in the file's text."""
    if isinstance(value, Span):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _spans(item, path)
    elif isinstance(value, Place) and value.path not in (None, path):
        return
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _spans(tuple(getattr(value, one.name) for one in fields(value)), path)


def _lies_in(span: Span, lines: Sequence[str]) -> bool:
    if not 1 <= span.line <= span.end_line <= len(lines) or (span.end_line, span.end_column) < (span.line, span.column):
        return False
    return 0 <= span.column <= len(lines[span.line - 1]) and 0 <= span.end_column <= len(lines[span.end_line - 1])
