"""The full report: each finding as a frame of source, with its shapes, what torch did, and the fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

import click

from shapelint.data import dataclass
from shapelint.finding import Confidence, Finding, Fix, Severity, ShownShape, Status, Verdict
from shapelint.report import frame
from shapelint.report.footprint import grid
from shapelint.report.result import RunResult
from shapelint.report.text import expand, plain
from shapelint.source import Source
from shapelint.verify.edits import apply_edits

_COLORS: Mapping[Severity, str] = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_LABEL = len("proof: ")


def render(result: RunResult, show_refuted: bool) -> str:
    """All findings, each with the code that it is about."""
    return blocks(result.told(show_refuted), result.texts)


def blocks(findings: Iterable[Finding], texts: Mapping[str, str]) -> str:
    """Some findings in their order; `texts` holds the source of each file that they are in."""
    told: list[str] = []
    for path, group in groupby(findings, key=lambda finding: finding.path):
        view = _View(path, texts.get(path, ""))
        told.extend("\n".join(view.block(finding)) + "\n" for finding in group)
    return "\n".join(told)


@dataclass(frozen=True, slots=True)
class _View:
    """Shows the findings of one file."""

    path: str
    text: str

    def block(self, finding: Finding) -> Iterator[str]:
        """The rows of one finding."""
        lines = Source(self.path, self.text).lines
        marks = list(_marks(finding))
        gutter = len(str(min(max(mark.span.end_line for mark in marks), len(lines))))
        yield _title(finding)
        yield f"{' ' * gutter}{frame.bar('-->')} {_place(finding)}"
        yield from frame.render(lines, marks, gutter)
        notes = list(self._notes(finding))
        if notes or finding.fixes:
            yield frame.edge(gutter)
        for label, rows in notes:
            yield from _note(label, rows, gutter)
        for label, fix in zip(("fix", *["or"] * len(finding.fixes)), finding.fixes, strict=False):
            yield from _note(label, [plain(fix.description) + _standing(fix)], gutter)
            yield from _diff(lines, Source(self.path, apply_edits(self.text, fix.edits)).lines, gutter)

    def _notes(self, finding: Finding) -> Iterator[tuple[str, Sequence[str]]]:
        for place in finding.related:
            if place.path not in (None, finding.path):
                yield "see", [plain(f"{place.path}:{place.span.line}: {place.message}")]
        if finding.shapes:
            yield "shape", _shapes(finding.shapes)
        if finding.verdict:
            yield from _proof(finding.verdict)
        if finding.help and not finding.fixes:
            yield "help", [plain(finding.help)]


def _title(finding: Finding) -> str:
    kind = click.style(f"{finding.severity.value}[{finding.code}]", fg=_COLORS[finding.severity], bold=True)
    return kind + click.style(f": {plain(finding.message)}", bold=True)


def _place(finding: Finding) -> str:
    place = f"{plain(finding.path)}:{finding.span.line}:{finding.span.column + 1}: {finding.name}"
    unsure = finding.confidence is not Confidence.HIGH
    return f"{place} ({finding.confidence.value} confidence)" if unsure else place


def _marks(finding: Finding) -> Iterator[frame.Mark]:
    yield frame.Mark(finding.span, "", primary=True, color=_COLORS[finding.severity])
    for place in finding.related:
        if place.path in (None, finding.path):
            yield frame.Mark(place.span, place.message)


def _note(label: str, rows: Sequence[str], gutter: int) -> Iterator[str]:
    """`= label: text`, further rows aligned below the text."""
    head = click.style(f"{label}:".ljust(_LABEL), bold=True)
    for index, row in enumerate(rows):
        yield frame.edge(gutter, (head if index == 0 else " " * _LABEL) + row, "=" if index == 0 else " ")


def _shapes(shapes: Sequence[ShownShape]) -> list[str]:
    """The shapes in columns: name, shape, roles."""
    cells = [(plain(s.name), plain(s.shape), ", ".join(s.roles)) for s in shapes]
    widths = [max(expand(row[i])[1][-1] for row in cells) for i in range(2)]
    return ["  ".join((_pad(a, widths[0]), _pad(b, widths[1]), c)).rstrip() for a, b, c in cells]


def _pad(text: str, width: int) -> str:
    return text + " " * (width - expand(text)[1][-1])


def _proof(verdict: Verdict) -> Iterator[tuple[str, Sequence[str]]]:
    detail = plain(verdict.detail)
    if verdict.assumed:
        yield "proof", [f"none: torch {verdict.torch} ran on what the code does not tell: {detail}"]
        yield "guess", [plain(text) for text in verdict.assumed]
        return
    if verdict.status is Status.UNVERIFIED:
        yield "proof", [f"not run: {detail}"]
        return
    ran = f"ran torch {verdict.torch}: {detail}" if verdict.torch else detail
    outcome = ran if verdict.status is Status.CONFIRMED else f"refuted: {ran}"
    yield "proof", [outcome, *grid(verdict.footprint or ())]


def _standing(fix: Fix) -> str:
    parts = [] if fix.safe else ["changes results"]
    if fix.proven:
        parts.append("proven: torch ran the mended program")
    if fix.left:
        parts.append(f"unproven: {plain(fix.left)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _diff(before: Sequence[str], after: Sequence[str], gutter: int) -> Iterator[str]:
    """The lines that the fix takes out and puts in."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            for index in range(start, end):
                yield _changed("-", "red", index + 1, before[index], gutter)
            for index in range(new_start, new_end):
                yield _changed("+", "green", index + 1, after[index], gutter)


def _changed(sign: str, color: str, number: int, line: str, gutter: int) -> str:
    return f"{frame.number_column(number, gutter)} {click.style(f'{sign} {frame.cut(expand(line)[0])}', fg=color)}"
