"""How many lines of a screen rows take, and what of them is left away where there is no room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import click

from shapelint.data import dataclass
from shapelint.report.text import expand

ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Screen:
    """What rows are shown on. A row wider than its columns takes several lines; a pipe or a file has no columns."""

    columns: int | None

    def lines(self, rows: Iterable[str]) -> int:
        """The lines that rows take; those of a row without text are one, too."""
        return sum(1 if self.columns is None else max(1, -(-_width(row) // self.columns)) for row in rows)

    def fitting(self, rows: Sequence[str], left: int) -> tuple[list[str], int]:
        """The rows that there is room for, and the room that is left; a row of its own says that there are more."""
        more = click.style(ELLIPSIS, fg="blue", bold=True)
        shorter = ([*rows[:fit], more] for fit in range(min(len(rows), left) - 1, 0, -1))
        return self._longest(chain([rows], shorter), left)

    def noted(self, rows: Sequence[str], left: int, margin: int) -> tuple[list[str], int]:
        """The same of texts with a margin, the last of which says itself that there are more."""
        fits = range(min(len(rows) - 1, left), 0, -1)
        shorter = ([*rows[: fit - 1], f"{rows[fit - 1]} {ELLIPSIS}"] for fit in fits)
        return self._longest(chain([rows], shorter), left, margin)

    def _longest(self, choices: Iterable[Sequence[str]], left: int, margin: int = 0) -> tuple[list[str], int]:
        for rows in choices:
            if (needed := self.lines(" " * margin + row for row in rows)) <= left:
                return list(rows), left - needed
        return [], left

    def shared(self, texts: Sequence[tuple[int, str]], left: int) -> tuple[list[str], int]:
        """Texts, each with its margin, and the room that is left: each has a line, and more goes to the first ones."""
        left -= len(texts)
        shown = []
        for margin, text in texts:
            more = min(self.lines([" " * margin + text]) - 1, max(left, 0))
            left -= more
            shown.append(self._begun(text, margin, 1 + more))
        return shown, left

    def _begun(self, text: str, margin: int, lines: int) -> str:
        """As much of a text as some lines hold."""
        columns = expand(text)[1]
        if self.columns is None or columns[-1] <= (room := self.columns * lines - margin):
            return text
        fit = sum(column <= room - len(ELLIPSIS) for column in columns[1:])
        return text[:fit].rstrip() + ELLIPSIS


def _width(row: str) -> int:
    return expand(click.unstyle(row))[1][-1]
