"""Findings for readers that know files and their lines only: in a notebook, whose lines are JSON, the first is meant.

The message begins with the place in the cell, and nothing else of the finding speaks of lines.
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.finding import Finding, Fix
from shapelint.report.result import RunResult
from shapelint.source import Problem, Span

_TOP = Span(1, 0, 1, 0)


def findings_by_file(result: RunResult, show_refuted: bool) -> list[Finding]:
    """The findings of a report in the order of `RunResult.told`."""
    places = result.places
    return [
        finding if (place := places.of(finding.path, finding.span)).cell is None else _flat(finding, place.told)
        for finding in result.told(show_refuted)
    ]


def problems_by_file(result: RunResult) -> list[Problem]:
    """The problems of a report."""
    return [
        problem if problem.cell is None else replace(problem, line=1, message=f"{problem.told}: {problem.message}")
        for problem in result.problems
    ]


def _flat(finding: Finding, told: str) -> Finding:
    elsewhere = tuple(place for place in finding.related if place.path not in (None, finding.path))
    fixes = tuple(Fix(fix.description, ()) for fix in finding.fixes)
    return replace(finding, span=_TOP, message=f"{told}: {finding.message}", related=elsewhere, fixes=fixes)
