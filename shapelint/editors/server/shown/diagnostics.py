"""Findings as an editor shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsprotocol import types
from pygls import uris

from shapelint.editors.server.document import Document, Seen
from shapelint.editors.server.shown.places import Places
from shapelint.finding import UNUSED, Finding, Place, Severity, Status
from shapelint.notebooks.places import Cells
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
    """What is found in a text, in the order of the findings, and why it could not be read."""
    found = [_of_finding(document, finding, places, page) for finding in seen.findings]
    return [*found, *(_of_problem(problem, places, line) for problem, line in _placed(document, seen))]


def by_address(document: Document, seen: Seen, places: Places, page: Page) -> dict[str, list[types.Diagnostic]]:
    """The same by what they belong to: the document, or each cell of a notebook."""
    lines = [*(finding.span.line for finding in seen.findings), *(line for _, line in _placed(document, seen))]
    found: dict[str, list[types.Diagnostic]] = {uri: [] for _, uri in document.sheets}
    for line, diagnostic in zip(lines, diagnostics(document, seen, places, page), strict=True):
        found[places.uri(line)].append(diagnostic)
    return found


def _placed(document: Document, seen: Seen) -> Iterator[tuple[Problem, int]]:
    """The problems with their lines in the whole text."""
    cells = Cells.of(document.path, seen.text)
    for problem in seen.problems:
        line = None if problem.cell is None else cells.line_of(problem.cell, problem.line)
        yield problem, problem.line if line is None else line


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
    verdict = None if finding.code == UNUSED else finding.verdict
    if verdict is not None and verdict.status is Status.CONFIRMED:
        yield f"confirmed by torch {verdict.torch}: {verdict.detail}"
    elif verdict is not None:
        yield f"unverified: {verdict.detail}"
    if finding.help is not None:
        yield f"help: {finding.help}"


def _related(document: Document, place: Place, places: Places) -> types.DiagnosticRelatedInformation:
    if place.path in (None, document.path):
        location = types.Location(places.uri(place.span.line), places.range(place.span))
    else:
        # the text of another file is not at hand: the start of the line is the same in every encoding
        start = types.Position(place.span.line - 1, 0)
        location = types.Location(uris.from_fs_path(place.path or "") or "", types.Range(start, start))
    return types.DiagnosticRelatedInformation(location, plain(place.message))


def _of_problem(problem: Problem, places: Places, line: int) -> types.Diagnostic:
    """A text that cannot be read; the tool's own failure is no fault of it."""
    severity = types.DiagnosticSeverity.Warning if problem.internal else types.DiagnosticSeverity.Error
    line = min(line, len(places.lines))
    span = Span(line, 0, line, len(places.lines[line - 1]))
    return types.Diagnostic(
        range=places.range(span),
        severity=severity,
        code=problem.code,
        source=SOURCE,
        message=plain(problem.message),
    )
