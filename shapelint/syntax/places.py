"""Where the nodes of `ast` stand in the text: lines and columns in code points, and the brackets around them."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Sequence

from shapelint.regex import regex
from shapelint.source import Span

_NEWLINE = regex(r"\r\n?|\n")
_TRIVIA = regex(r"(?:[\s\\]+|#[^\r\n]*)*")
_WORD = regex(r"\w+")

Placed = ast.expr | ast.stmt | ast.arg | ast.keyword | ast.pattern | ast.alias


class Places:
    """A text in which nodes are looked up.

    `numbers` are those of the text's lines in the file, where the text is a part of it. While `pinned`, all nodes stand
    where it says: before 3.12, Python does not know where those of some f-strings are.
    """

    __slots__ = ("_numbers", "_starts", "_wide", "pinned", "text")

    def __init__(self, text: str, numbers: Sequence[int] = ()) -> None:
        self.text = text
        self.pinned: Span | None = None
        self._numbers = numbers
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self._wide = {} if text.isascii() else _wide_lines(text, self._starts)

    def span(self, node: Placed) -> Span:
        """The span of a node, without its parentheses but for those of a tuple or a generator."""
        if self.pinned is not None:
            return self.pinned
        line, end_line = node.lineno, node.end_lineno or node.lineno
        column, end_column = node.col_offset, node.end_col_offset or 0
        if self._wide:
            column, end_column = self._column(line, column), self._column(end_line, end_column)
        if self._numbers:
            line, end_line = self._numbers[line - 1], self._numbers[end_line - 1]
        return Span(line, column, end_line, end_column)

    def start(self, node: Placed) -> int:
        """The offset at which a node starts."""
        if self.pinned is not None:
            return 0
        return self._starts[node.lineno - 1] + self._column(node.lineno, node.col_offset)

    def end(self, node: Placed) -> int:
        """The offset behind a node."""
        if self.pinned is not None:
            return 0
        line = node.end_lineno or node.lineno
        return self._starts[line - 1] + self._column(line, node.end_col_offset or 0)

    def text_of(self, node: Placed) -> str:
        """The source of a node, without its parentheses."""
        if self.pinned is not None:
            return ast.unparse(node)
        return self.text[self.start(node) : self.end(node)]

    def knows_names_in(self, node: ast.JoinedStr) -> bool:
        """Whether the names in the fields of an f-string stand where Python says."""
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        return all(self._is_there(name) for name in names)

    def _is_there(self, name: ast.Name) -> bool:
        return name.lineno <= len(self._starts) and self.text.startswith(name.id, self.start(name))

    def offset_span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        return self.pinned or Span(*self._position(start), *self._position(end))

    def skip(self, offset: int) -> int:
        """The first offset from `offset` on where neither whitespace nor a comment stands."""
        match = _TRIVIA.match(self.text, offset)
        return match.end() if match else offset

    def behind(self, offset: int, word: str) -> int:
        """The offset behind a word, or a sign, that comes next but for whitespace and comments."""
        return self.skip(offset) + len(word)

    def word(self, offset: int) -> tuple[int, int]:
        """Where the name stands that comes next."""
        start = self.skip(offset)
        match = _WORD.match(self.text, start)
        return start, match.end() if match else start

    def closed(self, offset: int) -> int:
        """The offset behind all closing parentheses that come next."""
        while self.text.startswith(")", after := self.skip(offset)):
            offset = after + 1
        return offset

    def outer(self, boundary: int, node: ast.expr) -> tuple[int, int]:
        """Where an expression stands with its parentheses, if what comes before it ends at the boundary."""
        first, start, end = self.skip(boundary), self.start(node), self.end(node)
        at = first
        while at < start and self.text.startswith("(", at):
            at, end = self.skip(at + 1), self.skip(end) + 1
        return first, end

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return self._numbers[line - 1] if self._numbers else line, offset - self._starts[line - 1]

    def _column(self, line: int, column: int) -> int:
        """Python counts the bytes of UTF-8."""
        wide = self._wide.get(line)
        return column if wide is None else len(wide[:column].decode("utf-8", "ignore"))


def _wide_lines(text: str, starts: Sequence[int]) -> dict[int, bytes]:
    lines = zip(starts, [*starts[1:], len(text)], strict=True)
    pieces = ((number, text[start:end]) for number, (start, end) in enumerate(lines, 1))
    return {number: piece.encode("utf-8", "surrogatepass") for number, piece in pieces if not piece.isascii()}
