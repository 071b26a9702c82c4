"""Where every libcst node stands in the text: offsets first, spans on demand.

libcst keeps no positions. Its PositionProvider finds them by generating the code again, at twice the cost of
the parse; this does the same with nothing else on the way, at a quarter of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from types import TracebackType

import libcst as cst
from libcst._nodes.internal import CodegenState

from shapelint.source import Span

_NEWLINE = re.compile(r"\r\n?|\n")
_TRIVIA = re.compile(r"(?:[\s\\]+|#[^\r\n]*)*")
_TRIVIA_CHARACTERS = " \t\f\r\n\\"
_OWN_PARENTHESES = frozenset({cst.Tuple, cst.GeneratorExp})
_STRING_NAMES = ("SimpleString", "FormattedString", "TemplatedString")
_STRINGS = frozenset(getattr(cst, name) for name in _STRING_NAMES if hasattr(cst, name))


def skip_trivia(text: str, offset: int) -> int:
    """The first offset from `offset` on where neither whitespace nor a comment stands."""
    match = _TRIVIA.match(text, offset)
    return match.end() if match else offset


class LostPositionError(Exception):
    """The generated code departs from the text, so nothing after this place could be located."""


class Positions(CodegenState):
    """A code generator that writes nothing: it counts the text and notes where nodes begin and end.

    `offsets` maps the id of a node to (start, end) in code points, without the node's parentheses. Tuples and
    generators keep theirs, as in `ast`. `strings` are the offsets of the string literals.
    """

    def __init__(self, module: cst.Module, text: str) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.text = text
        self.offset = 0
        self.offsets: dict[int, tuple[int, int]] = {}
        self.strings: list[tuple[int, int]] = []
        self._open: list[tuple[cst.CSTNode, cst.CSTNode | None, int]] = []
        self._parenthesis = 0
        module._codegen(self)

    def add_indent_tokens(self) -> None:
        """Count the indentation of a line."""
        for token in self.indent_tokens:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        """Count a piece of the text."""
        if not value:  # most whitespace is empty
            return
        if not self.text.startswith(value, self.offset) and not self._find_again(value):
            return
        if value == "(":
            self._parenthesis = self.offset
        self.offset += len(value)

    def _find_again(self, token: str) -> bool:
        """Skip what libcst dropped: a leading form feed, a continued blank line, comments of the footer."""
        if token.startswith("#") or not token.strip(_TRIVIA_CHARACTERS):
            return False
        lost = self.offset
        self.offset = skip_trivia(self.text, lost)
        if not self.text.startswith(token, self.offset):
            raise LostPositionError(f"{token!r} expected at offset {self.offset}")
        self._open = [(node, last, self.offset if start == lost else start) for node, last, start in self._open]
        return True

    def pop_trailing_newline(self) -> None:
        """Nothing was written, so there is nothing to take back."""

    # Not a generator-based context manager as in the base class: it would double the cost of the whole pass.
    def record_syntactic_position(  # type: ignore[override]  # a context manager as well, of another type
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Positions:
        """Note the text that is generated inside the `with` as the node's own."""
        del start_node  # set for indented blocks only, whose start nobody asks for
        parenthesized = node.__class__ in _OWN_PARENTHESES and _has_parentheses(node)
        self._open.append((node, end_node, self._parenthesis if parenthesized else self.offset))
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        node, last, start = self._open.pop()
        end = self.offset
        if last is not None:
            # a closing parenthesis, or a name with nothing behind it, ends where the text has come to
            end = self.offsets.get(id(last), (0, end))[1]
        elif node.__class__ in _STRINGS:
            self.strings.append((start, end))
        elif node.__class__ in _OWN_PARENTHESES and _has_parentheses(node):
            end = skip_trivia(self.text, end) + 1
        self.offsets[id(node)] = (start, end)


def _has_parentheses(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BaseExpression) and bool(node.lpar)


class Places:
    """A text with the offsets of its nodes, as the lowering asks for them.

    `numbers` are those of the text's lines in the file, where the text is a part of it.
    """

    __slots__ = ("_line", "_line_end", "_line_start", "_numbers", "_starts", "offsets", "text")

    def __init__(self, text: str, offsets: dict[int, tuple[int, int]], numbers: Sequence[int] = ()) -> None:
        self.text = text
        self.offsets = offsets
        self._numbers = numbers
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self._line, self._line_start, self._line_end = 0, 0, 0

    def offset_span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        line, column = self._position(start)
        if end < self._line_end:
            return Span(line, column, line, end - self._line_start)
        return Span(line, column, *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        """Line and column; consecutive questions mostly concern one line, so the last one is kept."""
        if not self._line_start <= offset < self._line_end:
            starts, numbers = self._starts, self._numbers
            line = bisect_right(starts, offset)
            self._line = numbers[line - 1] if numbers else line
            self._line_start = starts[line - 1]
            self._line_end = starts[line] if line < len(starts) else len(self.text) + 1
        return self._line, offset - self._line_start

    def span(self, node: cst.CSTNode) -> Span:
        """The span of a node, without its parentheses."""
        return self.offset_span(*self.offsets[id(node)])

    def text_of(self, node: cst.CSTNode) -> str:
        """The source of a node, without its parentheses."""
        start, end = self.offsets[id(node)]
        return self.text[start:end]

    def end_with_parentheses(self, node: cst.BaseExpression) -> int:
        """The offset behind a node's closing parentheses, if it has any."""
        end = self.offsets[id(node)][1]
        own = 1 if node.rpar and node.__class__ in _OWN_PARENTHESES else 0
        for _ in node.rpar[own:]:
            end = skip_trivia(self.text, end) + 1
        return end

    def bracket_after(self, node: cst.BaseExpression) -> int:
        """The offset behind the bracket that opens a call's arguments or a subscript."""
        return skip_trivia(self.text, self.end_with_parentheses(node)) + 1
