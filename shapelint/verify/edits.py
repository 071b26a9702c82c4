"""Source edits: applying them, and where a span is after them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from shapelint.finding import Edit
from shapelint.regex import regex
from shapelint.source import Span

_NEWLINE = regex(r"\r\n|\r|\n")


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made; raises ValueError for edits that overlap or lie outside the text."""
    starts = _line_starts(text)
    ordered = sorted(edits, key=lambda edit: edit.span)
    pieces: list[str] = []
    done = 0
    for edit in ordered:
        start = _offset(starts, len(text), edit.span.line, edit.span.column)
        end = _offset(starts, len(text), edit.span.end_line, edit.span.end_column)
        if start < done or end < start:
            raise ValueError("edits overlap")
        pieces += [text[done:start], edit.text]
        done = end
    return "".join([*pieces, text[done:]])


def map_span(span: Span, edits: Sequence[Edit], grow: bool = False) -> Span:
    """Where a span of the old text is in the new one.

    Text inserted at the very edge of the span lies outside of it, or inside with `grow`. An edit that
    crosses an edge is taken in as a whole.
    """
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        first, last = _ends(edit.span)
        if last < start or (last == start and (first < start or not grow)):
            start = _shifted(start, edit)
        elif first < start:
            start = first
        if last < end or (last == end and (first < end or grow)):
            end = _shifted(end, edit)
        elif first < end:
            end = _end_of(edit)
    return Span(*start, *max(start, end))


def lines_added(edit: Edit) -> int:
    """How many lines an edit adds to its text; a negative number where it takes some away."""
    return _end_of(edit)[0] - edit.span.end_line


def _ends(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    return (span.line, span.column), (span.end_line, span.end_column)


def _shifted(place: tuple[int, int], edit: Edit) -> tuple[int, int]:
    """A place at or after the end of an edit, once the edit is made."""
    end_line, end_column = _end_of(edit)
    line, column = place
    if line > edit.span.end_line:
        return line + end_line - edit.span.end_line, column
    return end_line, column - edit.span.end_column + end_column


def _end_of(edit: Edit) -> tuple[int, int]:
    """Where the new text ends."""
    lines = _NEWLINE.split(edit.text)
    if len(lines) == 1:
        return edit.span.line, edit.span.column + len(edit.text)
    return edit.span.line + len(lines) - 1, len(lines[-1])


@lru_cache(maxsize=2)  # many fixes are tried on one text
def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *(match.end() for match in _NEWLINE.finditer(text)))


def _offset(starts: Sequence[int], length: int, line: int, column: int) -> int:
    if not 1 <= line <= len(starts):
        raise ValueError(f"line {line} is not in the text")
    return min(starts[line - 1] + column, length)
