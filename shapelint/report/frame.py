"""Source lines with spans underlined, as compilers show them.

12 |         self.lstm = nn.LSTM(n, hidden)
|                     ------------------ batch_first is not set: (T, B, F)
...
18 |         return self.fc(out[:, -1])
|                        ^^^^^^^^^^ this is the last sample of the batch
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import click

from shapelint.data import dataclass
from shapelint.notebooks.places import Cells
from shapelint.report.text import expand, plain
from shapelint.source import Span, shortened

LONGEST = 4  #: lines of a span that are shown; of a longer one the first and the last
WIDEST = 160  #: screen columns of a source line
NO_CELLS = Cells()


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to underline, with a label; the primary mark is the place of the finding."""

    span: Span
    label: str
    primary: bool = False
    color: str = "blue"


@dataclass(frozen=True, slots=True)
class _Underline:
    """The part of a mark on one line, in code points; only the last part of a mark bears its label."""

    line: int
    start: int
    end: int
    label: str
    mark: Mark


def render(lines: Sequence[str], marks: Sequence[Mark], gutter: int, cells: Cells = NO_CELLS) -> list[str]:
    """The frame's rows; `lines` is the whole file, `gutter` the width of the line numbers.

    In a notebook the lines of each cell are counted for themselves, and where there are several, rows name them.
    """
    parts = [part for mark in marks for part in _parts(lines, mark)]
    parts.sort(key=lambda part: (part.line, not part.mark.primary, part.start))
    rows: list[str] = []
    of_several = len({cells.at(part.line)[0] for part in parts}) > 1
    previous: int | None = None
    cell: int | None = None
    for number, group in groupby(parts, key=lambda part: part.line):
        before, (cell, shown) = cell, cells.at(number)
        if of_several and cell != before:
            rows.append(edge(gutter, f"cell {cell}", ":"))
        elif previous is not None and number > previous + 1:
            rows.extend(_gap(lines, previous, number, shown - 1, gutter))
        rows.extend(_line(lines[number - 1], shown, list(group), gutter))
        previous = number
    return rows


def edge(gutter: int, text: str = "", mark: str = "|") -> str:
    """A row without a line number."""
    return f"{' ' * gutter} {bar(mark)}{' ' + text if text else ''}"


def bar(mark: str = "|") -> str:
    """The edge between line numbers and text."""
    return click.style(mark, fg="blue", bold=True)


def number_column(number: int, gutter: int) -> str:
    """A line number in its column."""
    return click.style(f"{number:>{gutter}}", fg="blue", bold=True)


def _gap(lines: Sequence[str], previous: int, number: int, shown: int, gutter: int) -> list[str]:
    """What stands for the lines between two shown ones: a single line is shown, under its number, more are not."""
    if number == previous + 2:
        return _line(lines[previous], shown, [], gutter)
    return [click.style("...", fg="blue", bold=True)]


def _parts(lines: Sequence[str], mark: Mark) -> list[_Underline]:
    span = mark.span
    last = min(span.end_line, len(lines))
    numbers = [n for n in range(span.line, last + 1) if n == span.line or lines[n - 1].strip()]
    if len(numbers) > LONGEST:
        numbers = [numbers[0], numbers[-1]]
    return [_part(lines[n - 1], n, mark, label=mark.label if n == numbers[-1] else "") for n in numbers]


def _part(text: str, number: int, mark: Mark, label: str) -> _Underline:
    indent = len(text) - len(text.lstrip())
    start = mark.span.column if number == mark.span.line else indent
    end = mark.span.end_column if number == mark.span.end_line else len(text.rstrip())
    return _Underline(number, min(start, len(text)), min(end, len(text)), label, mark)


def _line(text: str, number: int, parts: Sequence[_Underline], gutter: int) -> list[str]:
    shown, columns = expand(text)
    rows = [f"{number_column(number, gutter)} {bar()} {cut(shown)}".rstrip()]
    for part in parts:
        start = min(columns[part.start], WIDEST)
        width = max(min(columns[part.end], WIDEST) - start, 1)
        sign = ("^" if part.mark.primary else "-") * width
        underline = " ".join(filter(None, (sign, plain(part.label))))
        styled = click.style(underline, fg=part.mark.color, bold=part.mark.primary)
        rows.append(edge(gutter, " " * start + styled))
    return rows


def cut(shown: str) -> str:
    """A line as it is shown, without what goes beyond the widest screen."""
    return shortened(shown, WIDEST)
