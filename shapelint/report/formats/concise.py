"""One line for each finding: `path:line:column: CODE message`, columns from 1."""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.finding import Finding, Status
from shapelint.notebooks.places import Place, Places
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain


def render(result: RunResult, telling: Telling) -> str:
    """The lines, each with its end; a refuted candidate says so."""
    return lines(result.told(telling.show_refuted), result.places)


def lines(findings: Iterable[Finding], places: Places) -> str:
    """The lines of some findings, in their order."""
    return "".join(_line(finding, places.of(finding.path, finding.span)) + "\n" for finding in findings)


def _line(finding: Finding, place: Place) -> str:
    refuted = finding.verdict is not None and finding.verdict.status is Status.REFUTED
    return f"{plain(str(place))}: {finding.code} {plain(finding.message)}" + (" (refuted by torch)" if refuted else "")
