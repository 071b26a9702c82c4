"""The JSON report: one object, as document.py and docs/schema.json describe it."""

from __future__ import annotations

import dataclasses
import json

from shapelint import __version__
from shapelint.finding import Edit, Finding, Fix, Status, Verdict
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
    findings = result.told(telling.show_refuted)
    return Document(
        version=1,
        tool=Tool("shapelint", __version__, result.torch),
        summary=_summary(result),
        findings=tuple(_finding(finding) for finding in findings),
        errors=tuple(ErrorEntry(p.path, p.line, p.code, p.message) for p in result.problems),
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


def _finding(finding: Finding) -> FindingEntry:
    span = finding.span
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
        related=tuple(
            RelatedEntry(place.path or finding.path, place.span.line, place.span.column + 1, place.message)
            for place in finding.related
        ),
        verification=_verification(finding.verdict or _NOT_RUN),
        help=finding.help,
        fixes=tuple(_fix(fix) for fix in finding.fixes),
        url=page_of(finding.code),
    )


def _verification(verdict: Verdict) -> Verification:
    return Verification(
        verdict.status, verdict.property, verdict.detail, verdict.footprint, verdict.torch, verdict.assumed
    )


def _fix(fix: Fix) -> FixEntry:
    edits = tuple(_edit(edit) for edit in fix.edits)
    return FixEntry(fix.description, edits, fix.safe, fix.proven, fix.left, fix.footprint)


def _edit(edit: Edit) -> EditEntry:
    span = edit.span
    return EditEntry(span.line, span.column + 1, span.end_line, span.end_column + 1, edit.text)
