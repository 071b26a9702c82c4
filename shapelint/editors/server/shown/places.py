"""Places of a text as an editor counts them, in code units of the encoding that both have agreed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from lsprotocol import types
from pygls.workspace import PositionCodec

from shapelint.data import dataclass
from shapelint.source import Source, Span

#: the cells that a text is put together from, or the one document that it is: the line before each, and its address
Sheets: TypeAlias = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one text."""

    lines: Sequence[str]
    codec: PositionCodec
    sheets: Sheets

    @staticmethod
    def of(text: str, codec: PositionCodec, sheets: Sheets) -> Places:
        """The places of a text."""
        return Places(Source("", text).lines, codec, sheets)

    def uri(self, line: int) -> str:
        """The address of what a line belongs to."""
        return self._sheet(line)[1]

    def position(self, line: int, column: int) -> types.Position:
        """A place; one that the text does not have is the nearest before it."""
        line = min(max(line, 1), len(self.lines))
        units = self.codec.client_num_units(self.lines[line - 1][:column])
        return types.Position(max(line - self._sheet(line)[0] - 1, 0), units)

    def range(self, span: Span) -> types.Range:
        """A span."""
        return types.Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def span(self, uri: str, asked: types.Range) -> Span:
        """The span that an editor asks about."""
        (line, column), (end_line, end_column) = self.place(uri, asked.start), self.place(uri, asked.end)
        return Span(line, column, end_line, end_column)

    def place(self, uri: str, position: types.Position) -> tuple[int, int]:
        """The line from 1 and the column from 0 of a position."""
        firsts = [first for first, _ in self.sheets]
        first = next((first for first, sheet in self.sheets if sheet == uri), 0)
        end = next((following - 1 for following in firsts if following > first), len(self.lines))
        number = min(first + position.line + 1, end)
        left, line = position.character, self.lines[number - 1]
        if number < first + position.line + 1:
            return number, len(line)
        for column, character in enumerate(line):
            if left <= 0:
                return number, column
            left -= self.codec.client_num_units(character)
        return number, len(line)

    def _sheet(self, line: int) -> tuple[int, str]:
        return max((sheet for sheet in self.sheets if sheet[0] < line), default=self.sheets[0])
