"""The lines of code that a finding is about, and what a fix changes in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from shapelint.data import dataclass
from shapelint.finding import Finding, Fix
from shapelint.notebooks.places import MARK, Cells
from shapelint.report.frame import cut
from shapelint.report.page.html import Markup, element, prose, text
from shapelint.source import Source, Span
from shapelint.verify.edits import apply_edits

LONGEST = 12  #: lines of one place


@dataclass(frozen=True, slots=True)
class _Mark:
    span: Span
    message: str
    is_finding: bool


def frame(finding: Finding, code: str, cells: Cells) -> Markup:
    """The finding's place and those that explain it, each with the lines around it."""
    lines = Source("", code).lines
    marks = [_Mark(finding.span, "", True)]
    marks += [_Mark(one.span, one.message, False) for one in finding.related if one.path in (None, finding.path)]
    return element("pre", _rows(lines, marks, cells), class_="code", tabindex="0", aria_label="code")


def _rows(lines: Sequence[str], marks: Sequence[_Mark], cells: Cells) -> Iterator[Markup]:
    shown = sorted({number for mark in marks for number in _around(mark.span, lines)})
    indent = _indent(lines[number - 1] for number in shown)
    previous = shown[0] - 1 if shown else 0
    before = None
    for number in shown:
        cell, inside = cells.at(number)
        if cell != before or number != previous + 1:
            yield element("span", "⋯" if cell == before else f"cell {cell}", class_="line gap")
        previous, before = number, cell
        here = [mark for mark in marks if mark.span.line <= number <= mark.span.end_line]
        notes = [mark for mark in here if mark.message and mark.span.line == number]
        yield element(
            "span",
            element("span", f"{inside:>4}", class_="number"),
            " ",
            _marked(lines[number - 1], number, here, indent),
            (element("span", "  ← ", prose(mark.message), class_="note") for mark in notes),
            class_="line",
        )


def _around(span: Span, lines: Sequence[str]) -> Iterator[int]:
    """The lines of a place, and those beside it that hold anything."""
    first, last = span.line, min(span.end_line, span.line + LONGEST, len(lines))
    beside = [
        n for n in (first - 1, last + 1) if 1 <= n <= len(lines) and lines[n - 1].strip() and MARK not in lines[n - 1]
    ]
    yield from (*range(first, last + 1), *beside)


def _marked(line: str, number: int, marks: Sequence[_Mark], indent: int) -> Markup:
    """A line without the indentation of all, its place underlined: of several the finding's own."""
    parts: list[Markup] = []
    at = indent
    for mark in sorted(marks, key=lambda mark: (not mark.is_finding, mark.span))[:1]:
        start = mark.span.column if mark.span.line == number else len(line) - len(line.lstrip())
        end = mark.span.end_column if mark.span.end_line == number else len(line)
        kind = "here" if mark.is_finding else "related"
        parts += [_text(line[at:start]), element("mark", _text(line[start:end]), class_=kind)]
        at = end
    return Markup("".join([*parts, _text(line[at:])]))


def _text(part: str) -> Markup:
    return text(cut(part.replace("\t", "    ")))


def change(fix: Fix, path: str, code: str) -> Markup:
    """The lines that a fix takes out and puts in."""
    rows = _changed(path, code, apply_edits(code, fix.edits))
    return element("pre", rows, class_="code", tabindex="0", aria_label="change")


def _changed(path: str, old: str, new: str) -> Iterator[Markup]:
    before, after = Source("", old).lines, Source("", new).lines
    was, now = Cells.of(path, old), Cells.of(path, new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    changes = [codes for codes in matcher.get_opcodes() if codes[0] != "equal"]
    indent = _indent(line for _, a, b, c, d in changes for line in (*before[a:b], *after[c:d]))
    for _, start, end, new_start, new_end in changes:
        yield from (_line("-", was.at(n + 1)[1], before[n][indent:], "out") for n in range(start, end))
        yield from (_line("+", now.at(n + 1)[1], after[n][indent:], "in") for n in range(new_start, new_end))


def _indent(lines: Iterable[str]) -> int:
    """The indentation that all lines have."""
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def _line(sign: str, number: int, line: str, kind: str) -> Markup:
    label = element("span", f"{number:>4}", class_="number")
    return element("span", label, f" {sign} ", _text(line), class_=f"line {kind}")
