"""The JSON report: one object, as document.py and docs/schema.json describe it."""

from __future__ import annotations

import dataclasses
import json

from shapelint import __version__
from shapelint.finding import Edit, Finding, Fix, Status, Verdict
from shapelint.notebooks.places import Place, Places
from shapelint.report.document import (
    Document,
    EditEntry,
    ErrorEntry,
    FindingEntry,
    FixEntry,
    RelatedEntry,
    ShapeEntry,
    Summary,
    Tool,
    Verification,
)
from shapelint.report.links import page_of
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling

COMPLETE = True  #: it holds the problems and the counts, too

_NOT_RUN = Verdict(Status.UNVERIFIED, "", "not run")


def render(result: RunResult, telling: Telling) -> str:
    """The report as JSON text."""
    return json.dumps(dataclasses.asdict(document(result, telling)), indent=2) + "\n"


def document(result: RunResult, telling: Telling) -> Document:
    """The report as dataclasses."""
    findings, places = result.told(telling.show_refuted), result.places
    return Document(
        version=1,
        tool=Tool("shapelint", __version__, result.torch),
        summary=_summary(result),
        findings=tuple(_finding(finding, places) for finding in findings),
        errors=tuple(ErrorEntry(p.path, p.line, p.code, p.message, p.cell) for p in result.problems),
    )


def _summary(result: RunResult) -> Summary:
    confirmed = result.count(Status.CONFIRMED)
    found = len(result.findings)
    return Summary(
        files=result.files,
        checked=result.checked,
        findings=found,
        confirmed=confirmed,
        refuted=len(result.refuted),
        unverified=found - confirmed,
        errors=len(result.problems),
        unchecked=result.unchecked,
        fixed=result.fixed,
    )


def _finding(finding: Finding, places: Places) -> FindingEntry:
    place = places.of(finding.path, finding.span)
    span = place.span
    return FindingEntry(
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        confidence=finding.confidence,
        path=finding.path,
        line=span.line,
        column=span.column + 1,
        end_line=span.end_line,
        end_column=span.end_column + 1,
        message=finding.message,
        shapes=tuple(ShapeEntry(shown.name, shown.shape, shown.roles) for shown in finding.shapes),
        related=tuple(_related(places.of(one.path or finding.path, one.span), one.message) for one in finding.related),
        verification=_verification(finding.verdict or _NOT_RUN),
        help=finding.help,
        fixes=tuple(_fix(fix, finding.path, places) for fix in finding.fixes),
        url=page_of(finding.code),
        cell=place.cell,
    )


def _related(place: Place, message: str) -> RelatedEntry:
    return RelatedEntry(place.path, place.span.line, place.span.column + 1, message, place.cell)


def _verification(verdict: Verdict) -> Verification:
    return Verification(
        verdict.status, verdict.property, verdict.detail, verdict.footprint, verdict.torch, verdict.assumed
    )


def _fix(fix: Fix, path: str, places: Places) -> FixEntry:
    edits = tuple(_edit(edit, places.of(path, edit.span)) for edit in fix.edits)
    return FixEntry(fix.description, edits, fix.safe, fix.proven, fix.left, fix.footprint)


def _edit(edit: Edit, place: Place) -> EditEntry:
    span = place.span
    return EditEntry(span.line, span.column + 1, span.end_line, span.end_column + 1, edit.text, place.cell)
