"""Places for people: a line of a file, or that of a cell in a notebook.

In the text of a notebook each cell begins with a statement of its own, `pass`, behind which a mark and the cell's
number stand: so nothing in a cell goes on in the next one, and the text itself tells where its cells are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import field

from shapelint.data import dataclass
from shapelint.regex import regex
from shapelint.source import NOTEBOOK, Source, Span

MARK = "\x1f"  #: a control character that no editor writes into code; a cell that holds it is left out

# in a string that a cell has not closed, this would close it and go on with what is no Python
_END_OF_STRINGS = "'''?\"\"\"?"

CELL = regex(rf"^pass  #{MARK}{MARK}(\d+){re.escape(_END_OF_STRINGS)}$", re.MULTILINE)


def first_line(cell: int) -> str:
    """The line in front of a cell's own."""
    return f"pass  #{MARK}{MARK}{cell}{_END_OF_STRINGS}"


@dataclass(frozen=True, slots=True)
class Place:
    """A range as it is told: with the cell's number and lines of the cell, where it lies in a notebook."""

    path: str
    cell: int | None
    span: Span

    @property
    def file(self) -> str:
        """What the line belongs to: `model.py`, `model.ipynb:cell 3`."""
        return self.path if self.cell is None else f"{self.path}:cell {self.cell}"

    @property
    def told(self) -> str:
        """The place within the file: `7:12`, `cell 3:7:12`, the column from 1."""
        return f"{'' if self.cell is None else f'cell {self.cell}:'}{self.span.line}:{self.span.column + 1}"

    def __str__(self) -> str:
        """`model.py:7:12`, `model.ipynb:cell 3:7:12`."""
        return f"{self.path}:{self.told}"


@dataclass(frozen=True, slots=True)
class Cells:
    """Where the cells of a notebook's text begin; of any other text there are none."""

    first: tuple[int, ...] = ()  #: the lines in front of the cells' own, in order
    numbers: tuple[int, ...] = ()

    @staticmethod
    def of(path: str, text: str) -> Cells:
        """The cells of a file's text."""
        if not path.endswith(NOTEBOOK):
            return Cells()
        marked = [(line, mark) for line, text in enumerate(Source(path, text).lines, 1) if (mark := CELL.match(text))]
        return Cells(tuple(line for line, _ in marked), tuple(int(mark[1]) for _, mark in marked))

    def at(self, line: int) -> tuple[int | None, int]:
        """The cell of a line of the text, and the line in it."""
        index = bisect_right(self.first, line) - 1
        return (None, line) if index < 0 else (self.numbers[index], max(line - self.first[index], 1))

    def told(self, line: int) -> str:
        """The line within the file: `12`, `cell 3:7`."""
        cell, inside = self.at(line)
        return str(inside) if cell is None else f"cell {cell}:{inside}"

    def line_of(self, cell: int, line: int) -> int | None:
        """The line of the text that is a line of a cell."""
        return self.first[self.numbers.index(cell)] + line if cell in self.numbers else None


def line_told(path: str, text: str, line: int) -> str:
    """A line of a file's text in words, after `line`: `12`, `7 of cell 3`."""
    cell, inside = Cells.of(path, text).at(line)
    return str(inside) if cell is None else f"{inside} of cell {cell}"


@dataclass(frozen=True, slots=True)
class Places:
    """The places in files, whose texts are given by their paths."""

    texts: Mapping[str, str]
    _cells: dict[str, Cells] = field(default_factory=dict)

    def of(self, path: str, span: Span) -> Place:
        """A range of a file."""
        cell, line = self.cells(path).at(span.line)
        return Place(path, cell, Span(line, span.column, line + span.end_line - span.line, span.end_column))

    def cells(self, path: str) -> Cells:
        """The cells of a file."""
        if path not in self._cells:
            self._cells[path] = Cells.of(path, self.texts.get(path, ""))
        return self._cells[path]
