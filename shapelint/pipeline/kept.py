"""What the cache knows of the files of a run: results that would be found again are told without a check."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from shapelint.cache.cache import Cache
from shapelint.cache.codec import decoded, encoded
from shapelint.cache.results import entry
from shapelint.data import dataclass
from shapelint.finding import Finding, Place
from shapelint.project.reads import Reads, digest
from shapelint.regex import regex
from shapelint.report.graph.data import Graph
from shapelint.report.result import Change, FileResult, Unfixed
from shapelint.source import Problem, Source, Span, decode_source, encode_source

if TYPE_CHECKING:
    from shapelint.pipeline.processes.task import Task

_CODE, _WORD = regex(r"SHP\d{3}"), regex(r"[\w.+-]*")


@dataclass(frozen=True, slots=True)
class _Told:
    """A result without its text, and the version of the torch that was run for it."""

    findings: tuple[Finding, ...] = ()
    refuted: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    torch: str | None = None
    graphs: tuple[Graph, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mended:
    """What became of a file by its fixes; `text` is the mended one, None where it stayed as it was."""

    text: str | None
    findings: tuple[Finding, ...]
    refuted: tuple[Finding, ...]
    fixed: int
    unfixed: tuple[tuple[Finding, str], ...]
    graphs: tuple[Graph, ...] = ()


Told = TypeVar("Told", _Told, _Mended)


@dataclass(slots=True)
class Kept:
    """The results of earlier runs under one kind of `proof`: torch's identity, or why there is none."""

    cache: Cache
    proof: str
    torch: str | None = None  #: the version that was run for a result that is told again

    def result(self, task: Task) -> FileResult | None:
        """The result of a file, if its check would give it again."""
        return self._found(task, "check", _Told, lambda told: self._result(task, told))

    def keep(self, task: Task, result: FileResult, reads: Reads, torch: str | None, sure: bool) -> None:
        """Keep a result, unless the next check may end otherwise."""
        if sure and reads.is_sure and not any(problem.internal for problem in result.problems):
            self._put(
                task, "check", reads, _Told(result.findings, result.refuted, result.problems, torch, result.graphs)
            )

    def mended(self, task: Task, unsafe: bool, before: FileResult) -> FileResult | None:
        """What becomes of a file by its fixes. The caller does not write a text of the cache to it."""
        return self._found(task, _mending(unsafe), _Mended, lambda mended: _with_change(task, before, mended))

    def keep_mended(self, task: Task, unsafe: bool, result: FileResult, reads: Reads) -> None:
        """Keep what became of a file by its fixes."""
        if not reads.is_sure:
            return
        unfixed = tuple((one.finding, one.why) for one in result.unfixed)
        text = result.text if result.change else None
        told = _Mended(text, result.findings, result.refuted, result.fixed, unfixed, result.graphs)
        self._put(task, _mending(unsafe), reads, told)

    def _found(self, task: Task, what: str, kind: type[Told], told: Callable[[Told], FileResult]) -> FileResult | None:
        found = self.cache.find(self._key(task, what))
        try:
            return None if found is None else told(decoded(kind, found))
        except ValueError:  # no result of ours, or of another text
            return None

    def _put(self, task: Task, what: str, reads: Reads, told: _Told | _Mended) -> None:
        new = entry(os.path.abspath(task.path), reads, encoded(told))
        self.cache.put(self._key(task, what), new, reads.states)

    def _result(self, task: Task, told: _Told) -> FileResult:
        text = _text(task) if told.findings or told.refuted or told.problems or told.graphs else ""
        for finding in (*told.findings, *told.refuted):
            _refuse_forged(finding, task.path, text)
        self.torch = self.torch or told.torch
        return FileResult(task.path, text, told.findings, told.refuted, told.problems, graphs=told.graphs)

    def _key(self, task: Task, what: str) -> str:
        chosen = json.dumps(
            [asdict(task.chosen), asdict(task.given), task.min_confidence.value, task.prove, task.pictures]
        )
        parts = (os.getcwd(), task.path, digest(task.raw), chosen, self.proof, what)
        return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


def _mending(unsafe: bool) -> str:
    return "unsafe fixes" if unsafe else "fixes"


def _text(task: Task) -> str:
    source = decode_source(task.path, task.raw)
    return "" if isinstance(source, Problem) else source.text


def _with_change(task: Task, before: FileResult, mended: _Mended) -> FileResult:
    source = decode_source(task.path, task.raw)
    unfixed = tuple(Unfixed(finding, why) for finding, why in mended.unfixed)
    text = mended.text
    if isinstance(source, Problem):
        raise ValueError("a text that cannot be read is not mended")
    for finding in (*mended.findings, *mended.refuted, *(one.finding for one in unfixed)):
        _refuse_forged(finding, task.path, source.text if text is None else text)
    if text is None:
        return replace(before, unfixed=unfixed)
    change = Change(task.path, task.raw, encode_source(replace(source, text=text), task.raw))
    told = FileResult(task.path, text, mended.findings, mended.refuted, graphs=mended.graphs)
    return replace(told, fixed=mended.fixed, unfixed=unfixed, change=change)


def _refuse_forged(finding: Finding, path: str, text: str) -> None:
    """Raise ValueError for a finding that cannot be shown in a text: a cache may be anybody's work."""
    lines = Source(path, text).lines
    torch = (finding.verdict.torch if finding.verdict else None) or ""
    words = _CODE.fullmatch(finding.code) and _WORD.fullmatch(finding.name) and _WORD.fullmatch(torch)
    if finding.path != path or not words or not all(_lies_in(span, lines) for span in _spans(finding, path)):
        raise ValueError("no finding of this text")


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
