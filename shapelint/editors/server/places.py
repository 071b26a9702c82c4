"""Places of a text as an editor counts them, in code units of the encoding that both have agreed on."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from shapelint.data import dataclass
from shapelint.source import Source, Span


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one text."""

    lines: Sequence[str]
    codec: PositionCodec

    @staticmethod
    def of(text: str, codec: PositionCodec) -> Places:
        """The places of a text."""
        return Places(Source("", text).lines, codec)

    def position(self, line: int, column: int) -> types.Position:
        """A place; one that the text does not have is the nearest before it."""
        line = min(max(line, 1), len(self.lines))
        return types.Position(line - 1, self.codec.client_num_units(self.lines[line - 1][:column]))

    def range(self, span: Span) -> types.Range:
        """A span."""
        return types.Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def span(self, asked: types.Range) -> Span:
        """The span that an editor asks about."""
        (line, column), (end_line, end_column) = self.place(asked.start), self.place(asked.end)
        return Span(line, column, end_line, end_column)

    def place(self, position: types.Position) -> tuple[int, int]:
        """The line from 1 and the column from 0 of a position."""
        if position.line >= len(self.lines):
            return len(self.lines), len(self.lines[-1])
        left, line = position.character, self.lines[position.line]
        for column, character in enumerate(line):
            if left <= 0:
                return position.line + 1, column
            left -= self.codec.client_num_units(character)
        return position.line + 1, len(line)
