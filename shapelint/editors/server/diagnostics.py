"""Findings as an editor shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsprotocol import types
from pygls import uris

from shapelint.editors.server.document import Document, Seen
from shapelint.editors.server.places import Places
from shapelint.finding import Finding, Place, Severity, Status
from shapelint.report.text import plain
from shapelint.source import Problem, Span

SOURCE = "shapelint"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
Page = Callable[[str], str]  #: the address of a rule's page


def diagnostics(document: Document, seen: Seen, places: Places, page: Page) -> list[types.Diagnostic]:
    """What is found in a text, and why it could not be read."""
    found = [_of_finding(document, finding, places, page) for finding in seen.findings]
    return [*found, *(_of_problem(problem, places) for problem in seen.problems)]


def _of_finding(document: Document, finding: Finding, places: Places, page: Page) -> types.Diagnostic:
    return types.Diagnostic(
        range=places.range(finding.span),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(page(finding.code)),
        source=SOURCE,
        message="\n".join(map(plain, _told(finding))),
        related_information=[_related(document, place, places) for place in finding.related],
    )


def _told(finding: Finding) -> Iterator[str]:
    """The message, what torch says of it, and what mends it."""
    yield finding.message
    for shown in finding.shapes:
        yield f"{shown.name}: {shown.shape}" + (f"  {', '.join(shown.roles)}" if shown.roles else "")
    verdict = finding.verdict
    if verdict is not None and verdict.status is Status.CONFIRMED:
        yield f"confirmed by torch {verdict.torch}: {verdict.detail}"
    elif verdict is not None:
        yield f"unverified: {verdict.detail}"
    if finding.help is not None:
        yield f"help: {finding.help}"


def _related(document: Document, place: Place, places: Places) -> types.DiagnosticRelatedInformation:
    if place.path in (None, document.path):
        location = types.Location(document.uri, places.range(place.span))
    else:
        # the text of another file is not at hand: the start of the line is the same in every encoding
        start = types.Position(place.span.line - 1, 0)
        location = types.Location(uris.from_fs_path(place.path or "") or "", types.Range(start, start))
    return types.DiagnosticRelatedInformation(location, plain(place.message))


def _of_problem(problem: Problem, places: Places) -> types.Diagnostic:
    """A text that cannot be read; the tool's own failure is no fault of it."""
    severity = types.DiagnosticSeverity.Warning if problem.internal else types.DiagnosticSeverity.Error
    line = min(problem.line, len(places.lines))
    span = Span(line, 0, line, len(places.lines[line - 1]))
    return types.Diagnostic(
        range=places.range(span),
        severity=severity,
        code=problem.code,
        source=SOURCE,
        message=plain(problem.message),
    )
