"""A text with room between its parts, so that a line more in one of them moves none of the others.

The statements of a module's top level are laid out with blank lines between them, which mean nothing to Python. What
was understood of a part at its place then holds for as long as the part does, however the text around it changes.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import zip_longest

from shapelint.grammar.tree import TOO_DEEP, tree_of
from shapelint.source import Source

ROOM = 40  #: blank lines behind a part, at least


class Spread:
    """A text whose parts begin at some lines of another text, the one that is analysed."""

    def __init__(self, source: Source, parts: Sequence[str], starts: Sequence[int]) -> None:
        self.source = source
        self.parts = list(parts)
        self.starts = list(starts)
        self._firsts = [1]
        for part in self.parts:
            self._firsts.append(self._firsts[-1] + part.count("\n"))

    @staticmethod
    def of(source: Source, before: Spread | None = None) -> Spread | None:
        """The layout of a text, like an earlier one's as far as there is room; None for what is not Python."""
        parts = _parts_like(before.parts, source) if before is not None else None
        parts = parts or _parts(source)
        if parts is None:
            return None
        starts = _starts_like(before, parts) if before is not None else None
        return Spread(source, parts, starts or list(_fresh_starts(parts, 1)))

    @cached_property
    def wide(self) -> Source:
        """The text with room, in which the parts are at their places."""
        pieces: list[str] = []
        line = 1
        for start, part in zip(self.starts, self.parts, strict=True):
            pieces.append("\n" * (start - line) + part)
            line = start + part.count("\n")
        return Source(self.source.path, "".join(pieces), self.source.encoding)

    @property
    def placed(self) -> dict[int, str]:
        """The parts by their first lines."""
        return dict(zip(self.starts, self.parts, strict=True))

    def part_at(self, line: int) -> int:
        """The first line of the part at or before a line."""
        return self.starts[max(bisect_right(self.starts, line) - 1, 0)]

    def lines_of(self, start: int) -> range:
        """The lines of the part that begins at a line."""
        return range(start, start + self.placed[start].count("\n"))

    def real(self, line: int) -> int:
        """The line of the text itself for one of the text with room."""
        number = max(bisect_right(self.starts, line) - 1, 0)
        return self._firsts[number] + line - self.starts[number]

    def wide_line(self, line: int) -> int:
        """The other way round."""
        number = min(max(bisect_right(self._firsts, line) - 1, 0), len(self.starts) - 1)
        return self.starts[number] + line - self._firsts[number]


def _parts_like(before: Sequence[str], source: Source) -> list[str] | None:
    """The parts of a text that begins and ends like an earlier one; only what is between is read, if it is Python."""
    rest = "".join(f"{line}\n" for line in source.lines)
    head = tail = 0
    begin, end = 0, len(rest)
    while head < len(before) and rest.startswith(before[head], begin):
        begin += len(before[head])
        head += 1
    while tail < len(before) - head and rest.endswith(before[-1 - tail], begin, end):
        place = end - len(before[-1 - tail])
        if place > begin and rest[place - 1] != "\n":
            break  # in the middle of a line
        end = place
        tail += 1
    if tail == 0:
        return None  # what stands at the end may go on with what stood there
    between = _parts(Source(source.path, rest[begin : end - 1])) if begin < end else []
    return None if between is None else [*before[:head], *between, *before[len(before) - tail :]]


def _parts(source: Source) -> list[str] | None:
    """The text cut behind each statement of its top level, but where the next one begins on the same line."""
    try:
        tree, _ = tree_of(source.text)
    except (SyntaxError, ValueError, *TOO_DEEP):
        return None
    body = tree.body
    lines = source.lines
    ends = [
        statement.end_lineno or statement.lineno
        for statement, following in zip_longest(body, body[1:])
        if following is None or _first(following) > (statement.end_lineno or statement.lineno)
    ]
    firsts = [0, *ends[:-1]]
    cuts = zip(firsts, [*ends[:-1], len(lines)], strict=True) if ends else [(0, len(lines))]
    return ["".join(f"{line}\n" for line in lines[first:last]) for first, last in cuts]


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _fresh_starts(parts: Sequence[str], line: int) -> Iterator[int]:
    for part in parts:
        yield line
        line += _space(part)


def _space(part: str) -> int:
    lines = part.count("\n")
    return lines + max(ROOM, lines)


def _starts_like(before: Spread, parts: Sequence[str]) -> list[int] | None:
    """The places of parts where those that an earlier text had too keep theirs; None where there is no room."""
    least = min(len(before.parts), len(parts))
    head = next((n for n in range(least) if before.parts[n] != parts[n]), least)
    tail = next((n for n in range(least - head) if before.parts[-1 - n] != parts[-1 - n]), least - head)
    behind = before.starts[len(before.starts) - tail :] if tail else []
    fresh = parts[head : len(parts) - tail]
    if len(parts) == len(before.parts):
        middle = before.starts[head : len(before.starts) - tail]
    else:
        line = before.starts[head - 1] + before.parts[head - 1].count("\n") if head else 1
        middle = list(_close_starts(fresh, line, behind[0] - line if behind else None))
    starts = [*before.starts[:head], *middle, *behind]
    ends = [start + part.count("\n") for start, part in zip(starts, parts, strict=True)]
    fits = all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    return starts if fits else None


def _close_starts(parts: Sequence[str], line: int, space: int | None) -> Iterator[int]:
    """Places for parts in a space, with what is left of it divided among them."""
    if space is None:
        yield from _fresh_starts(parts, line)
        return
    room = max(space - sum(part.count("\n") for part in parts), 0) // (len(parts) + 1)
    for part in parts:
        line += room
        yield line
        line += part.count("\n")
