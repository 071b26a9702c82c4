"""What the cache knows of the files of a run: results that would be found again are told without a check."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from shapelint.cache.cache import Cache
from shapelint.cache.codec import decoded, encoded
from shapelint.cache.results import entry
from shapelint.data import dataclass
from shapelint.finding import Finding
from shapelint.pipeline.told import Told, refuse_forged, result_of, told_of
from shapelint.project.reads import Reads, digest
from shapelint.report.graph.data import Graph
from shapelint.report.result import Change, FileResult, Unfixed
from shapelint.source import Problem, decode_source, encode_source

if TYPE_CHECKING:
    from shapelint.pipeline.processes.task import Task
    from shapelint.pipeline.verdicts import Judgement


@dataclass(frozen=True, slots=True)
class _Mended:
    """What became of a file by its fixes; `text` is the mended one, None where it stayed as it was."""

    text: str | None
    findings: tuple[Finding, ...]
    refuted: tuple[Finding, ...]
    fixed: int
    unfixed: tuple[tuple[Finding, str], ...]
    graphs: tuple[Graph, ...] = ()


Kind = TypeVar("Kind", Told, _Mended)


@dataclass(slots=True)
class Kept:
    """The results of earlier runs under one kind of `proof`: torch's identity, or why there is none."""

    cache: Cache
    proof: str
    torch: str | None = None  #: the version that was run for a result that is told again

    def result(self, task: Task) -> FileResult | None:
        """The result of a file, if its check would give it again."""
        return self._found(task, "check", Told, lambda told: self._result(task, told))

    def keep(self, task: Task, judgement: Judgement) -> None:
        """Keep a result, unless the next check may end otherwise."""
        result, reads = judgement.result, judgement.reads
        if judgement.sure and reads.is_sure and not any(problem.internal for problem in result.problems):
            self._put(task, "check", reads, told_of(result, judgement.torch))

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

    def _found(self, task: Task, what: str, kind: type[Kind], told: Callable[[Kind], FileResult]) -> FileResult | None:
        found = self.cache.find(self._key(task, what))
        try:
            return None if found is None else told(decoded(kind, found))
        except ValueError:  # no result of ours, or of another text
            return None

    def _put(self, task: Task, what: str, reads: Reads, told: Told | _Mended) -> None:
        new = entry(os.path.abspath(task.path), reads, encoded(told))
        self.cache.put(self._key(task, what), new, reads.states)

    def _result(self, task: Task, told: Told) -> FileResult:
        result = result_of(task, told)
        self.torch = self.torch or told.torch
        return result

    def _key(self, task: Task, what: str) -> str:
        chosen = json.dumps(
            [asdict(task.chosen), asdict(task.given), task.min_confidence.value, task.prove, task.pictures]
        )
        parts = (os.getcwd(), task.path, digest(task.raw), chosen, self.proof, what)
        return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


def _mending(unsafe: bool) -> str:
    return "unsafe fixes" if unsafe else "fixes"


def _with_change(task: Task, before: FileResult, mended: _Mended) -> FileResult:
    source = decode_source(task.path, task.raw)
    unfixed = tuple(Unfixed(finding, why) for finding, why in mended.unfixed)
    text = mended.text
    if isinstance(source, Problem):
        raise ValueError("a text that cannot be read is not mended")
    for finding in (*mended.findings, *mended.refuted, *(one.finding for one in unfixed)):
        refuse_forged(finding, task.path, source.text if text is None else text)
    if text is None:
        return replace(before, unfixed=unfixed)
    change = Change(task.path, task.raw, encode_source(replace(source, text=text), task.raw))
    told = FileResult(task.path, text, mended.findings, mended.refuted, graphs=mended.graphs)
    return replace(told, fixed=mended.fixed, unfixed=unfixed, change=change)
