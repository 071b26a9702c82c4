"""Reviewdog's diagnostics. Its columns count the bytes of a line in UTF-8, from 1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shapelint.data import dataclass
from shapelint.finding import Finding, Fix, Severity
from shapelint.report.by_file import findings_by_file, problems_by_file
from shapelint.report.links import HOME, page_of
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain
from shapelint.source import Problem, Source, Span

_SEVERITIES: Mapping[Severity, str] = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def render(result: RunResult, telling: Telling) -> str:
    """The report as JSON text."""
    files = {path: _File(Source(path, text).lines) for path, text in result.texts.items()}
    findings = findings_by_file(result, telling.show_refuted)
    document = {
        "source": {"name": "shapelint", "url": HOME},
        "diagnostics": [
            *(files[one.path].diagnostic(one) for one in findings),
            *map(_problem, problems_by_file(result)),
        ],
    }
    return json.dumps(document, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class _File:
    """Tells the findings of a file of these lines."""

    lines: Sequence[str]

    def diagnostic(self, finding: Finding) -> dict[str, Any]:
        """One finding."""
        here = [place for place in finding.related if place.path in (None, finding.path)]
        return {
            "message": plain(finding.message),
            "location": {"path": plain(finding.path), "range": self._range(finding.span)},
            "severity": _SEVERITIES[finding.severity],
            "code": {"value": finding.code, "url": page_of(finding.code)},
            # a suggestion is taken alone: a fix of two edits would be half a fix
            "suggestions": [self._suggestion(fix) for fix in finding.fixes if fix.proven and len(fix.edits) == 1],
            "related_locations": [
                {
                    "message": plain(place.message),
                    "location": {"path": plain(finding.path), "range": self._range(place.span)},
                }
                for place in here
            ],
        }

    def _suggestion(self, fix: Fix) -> dict[str, Any]:
        return {"range": self._range(fix.edits[0].span), "text": fix.edits[0].text}

    def _range(self, span: Span) -> dict[str, Any]:
        return {
            "start": {"line": span.line, "column": self._bytes(span.line, span.column)},
            "end": {"line": span.end_line, "column": self._bytes(span.end_line, span.end_column)},
        }

    def _bytes(self, line: int, column: int) -> int:
        return len(self.lines[line - 1][:column].encode("utf-8", "surrogatepass")) + 1


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "message": plain(problem.message),
        "location": {"path": plain(problem.path), "range": {"start": {"line": problem.line}}},
        "severity": "ERROR",
        "code": {"value": problem.code},
    }
