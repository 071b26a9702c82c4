"""What can be done in some lines: mend a finding, silence it, explain it, show it, and write shapes as comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from shapelint.editors.server.document import Document, Seen
from shapelint.editors.server.shown.places import Places
from shapelint.finding import UNUSED, Edit, Finding, Fix
from shapelint.report.text import plain
from shapelint.source import Span
from shapelint.suppress.comments import silencing

EXPLAIN, WITNESS, ANNOTATE = "shapelint.explain", "shapelint.witness", "shapelint.annotate"  #: commands of the server
REWRITE = types.CodeActionKind.RefactorRewrite
WHOLE = types.CodeActionKind.Source
KINDS = (types.CodeActionKind.QuickFix, REWRITE, WHOLE)


def actions(
    document: Document, seen: Seen, asked: Span, places: Places, shown: Sequence[types.Diagnostic]
) -> Iterator[types.CodeAction]:
    """What can be done about the findings in the lines of a span; `shown` are their diagnostics, in their order."""
    for finding, diagnostic in zip(seen.findings, shown, strict=False):
        if finding.span.line <= asked.end_line and asked.line <= finding.span.end_line:
            yield from _fixes(finding, places, diagnostic)
            if finding.code != UNUSED:
                yield _suppression(document, finding, places, diagnostic)
            yield from _commands(document, seen, finding, diagnostic)
    yield from _annotations(document, seen, asked)


def _annotations(document: Document, seen: Seen, asked: Span) -> Iterator[types.CodeAction]:
    """Shapes as comments: in the lines asked about, where any of them has a shape, and in the whole text."""
    lines = {line for path, line, _, _ in seen.look.shapes if path == document.path}
    if any(asked.line <= line <= asked.end_line for line in lines):
        here = [document.uri, asked.line, asked.end_line]
        yield _command("Write shapes as comments here", ANNOTATE, here, kind=REWRITE)
    if lines:
        yield _command("Write shapes as comments in the whole file", ANNOTATE, [document.uri, None, None], kind=WHOLE)


def _fixes(finding: Finding, places: Places, diagnostic: types.Diagnostic) -> Iterator[types.CodeAction]:
    """The fixes that torch has proven; a safe one is preferred."""
    for number, fix in enumerate(finding.fixes):
        if fix.proven or finding.code == UNUSED:  # no program reads a comment
            yield types.CodeAction(
                f"Fix {finding.code}: {_described(fix)}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=fix.safe and number == 0,
                edit=edit_of(fix.edits, places),
            )


def _described(fix: Fix) -> str:
    return plain(fix.description) + ("" if fix.safe else " (changes results)")


def _suppression(
    document: Document, finding: Finding, places: Places, diagnostic: types.Diagnostic
) -> types.CodeAction:
    edit = silencing(document.text, finding.code, finding.span.line)
    return types.CodeAction(
        f"Suppress {finding.code} here with `# noqa`",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        edit=edit_of([edit], places),
    )


def _commands(
    document: Document, seen: Seen, finding: Finding, diagnostic: types.Diagnostic
) -> Iterator[types.CodeAction]:
    yield _command(f"Explain {finding.code}: {finding.name}", EXPLAIN, [finding.code], diagnostic)
    if seen.tested is not None and finding.claims:
        place = [document.uri, finding.code, finding.span.line, finding.span.column]
        yield _command(f"Show {finding.code} in a script that needs only torch", WITNESS, place, diagnostic)


def _command(
    title: str,
    command: str,
    arguments: Sequence[object],
    diagnostic: types.Diagnostic | None = None,
    kind: types.CodeActionKind = types.CodeActionKind.QuickFix,
) -> types.CodeAction:
    return types.CodeAction(
        title,
        kind=kind,
        diagnostics=None if diagnostic is None else [diagnostic],
        command=types.Command(title, command, arguments=list(arguments)),
    )


def edit_of(edits: Sequence[Edit], places: Places) -> types.WorkspaceEdit:
    """Edits of a text as an editor takes them."""
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        changes.setdefault(places.uri(edit.span.line), []).append(types.TextEdit(places.range(edit.span), edit.text))
    return types.WorkspaceEdit(changes=changes)
