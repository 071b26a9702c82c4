"""A baseline: the mistakes that are known, in a file, so that a run tells of new ones only.

An entry is known by the path, the code and the text of the line, not by its number: lines that are added above change
nothing. `count` tells how many there are alike.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.config import ConfigError
from shapelint.data import dataclass
from shapelint.finding import Finding
from shapelint.report.result import FileResult, RunResult
from shapelint.source import Source, read_regular

VERSION = 1
DEFAULT = "shapelint-baseline.json"
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A known mistake: the path relative to the folder of the file, with slashes."""

    path: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a file, each with how often it is known."""

    file: str
    counts: Mapping[Entry, int]

    def applied(self, result: RunResult, paths: Sequence[str]) -> tuple[RunResult, list[Entry]]:
        """The result without what is known, and the entries that lie in the given paths and are not found any more."""
        left = Counter(self.counts)
        results = tuple(self._without(one, left) for one in result.results)
        roots = [os.path.abspath(path) for path in paths]
        stale = [entry for entry, count in left.items() if count > 0 and self._lies_in(entry, roots)]
        return replace(result, results=results), sorted(stale)

    def fresh(self, source: Source, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings of one text that are not known."""
        return self._fresh(source, findings, Counter(self.counts))

    def _without(self, result: FileResult, left: Counter[Entry]) -> FileResult:
        return replace(result, findings=self._fresh(Source(result.path, result.text), result.findings, left))

    def _fresh(self, source: Source, findings: Sequence[Finding], left: Counter[Entry]) -> tuple[Finding, ...]:
        fresh: list[Finding] = []
        for entry, finding in _entries(self.file, source, findings):
            if left[entry] > 0:
                left[entry] -= 1
            else:
                fresh.append(finding)
        return tuple(fresh)

    def _lies_in(self, entry: Entry, roots: Iterable[str]) -> bool:
        path = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(self.file)), entry.path))
        return any(path == root or path.startswith(os.path.join(root, "")) for root in roots)


def read(file: str) -> Baseline:
    """The baseline of a file; raises ConfigError."""
    try:
        document = json.loads(read_regular(file, MAX_BYTES))
        entries = _read(document)
    except OSError as error:
        raise ConfigError(f"{file}: cannot read the baseline: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{file}: no baseline of version {VERSION}; `shapelint baseline` writes one") from None
    return Baseline(file, entries)


def _read(document: Any) -> dict[Entry, int]:
    if document["version"] != VERSION:
        raise ValueError("another version")
    found: dict[Entry, int] = {}
    for one in document["findings"]:
        if not all(isinstance(one[name], str) for name in ("path", "code", "text")) or type(one["count"]) is not int:
            raise ValueError("no entry")
        found[Entry(one["path"], one["code"], one["text"])] = one["count"]
    return found


def written(result: RunResult, file: str) -> str:
    """The text of a baseline that knows all findings of a run."""
    counts = Counter(
        entry for one in result.results for entry, _ in _entries(file, Source(one.path, one.text), one.findings)
    )
    findings = [
        {"path": entry.path, "code": entry.code, "text": entry.text, "count": count}
        for entry, count in sorted(counts.items())
    ]
    return json.dumps({"version": VERSION, "findings": findings}, indent=1, ensure_ascii=False) + "\n"


def _entries(file: str, source: Source, findings: Iterable[Finding]) -> list[tuple[Entry, Finding]]:
    lines = source.lines
    path = os.path.relpath(source.path, os.path.dirname(os.path.abspath(file))).replace(os.sep, "/")
    return [(Entry(path, finding.code, lines[finding.span.line - 1].strip()), finding) for finding in findings]
