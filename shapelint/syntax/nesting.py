"""Code nested or chained beyond measure, found before the parser sees it.

libcst copies what it has read of an expression again and again: in a chain (`a + b + c`, `a.b().c()`) each part copies
all before it, and an operator that nests what follows (`not not a`, `lambda: lambda: a`, `a if b else c if d else e`,
`a ** b ** c`) copies all of that, and the copies are kept. So the time grows with the square of a length or worse, the
memory with the square of a depth, and the parser recurses on the machine's stack.

Measured: 3,000 operands take 1.6 s, 1,000 method calls 2.3 s, 3,000 nested ternaries 2.3 s and 1.6 GB, 10,000 end the
process. Comparisons, `and`, `or`, `elif`, strings side by side, decorators, chained assignments, comprehensions and
flat lists take time in proportion to their length, and indentation has Python's own limit.
"""

from __future__ import annotations

from dataclasses import field
from keyword import kwlist

from shapelint.data import dataclass
from shapelint.scan import CLOSE, END, NAME, OPEN, OPERATOR, Token, tokens

BRACKET_LIMIT = 200  #: CPython's own limit
DEPTH_LIMIT = 700  #: of brackets and of operators that nest what follows, together
COPY_LIMIT = 12_000_000  #: what one chain makes the parser copy, in units of a name: two to four seconds

_TIGHT, _NOT, _LOOSE = range(
    3
)  #: how far an operator that nests what follows reaches: `-a`, `not a < b`, `lambda: a or b`
_CONSTANTS = frozenset(("None", "True", "False"))
_KEYWORDS = frozenset(kwlist) - _CONSTANTS
_ARITHMETIC = frozenset("+ - * / // % @ & | ^ << >>".split())
_COMPARISONS = frozenset("< > == != <= >=".split())
_SIGNS = frozenset("+-~")
_WEIGHTS = dict.fromkeys("()[]{}", 5) | {".": 4}  #: what a call, an index or an attribute takes beside a name


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is not given to the parser, and the offset where it gets too much."""

    offset: int
    message: str
    is_pythons: bool = False  #: CPython refuses it, too


class _RefusedError(Exception):
    """A limit is passed."""


@dataclass(slots=True)
class _Level:
    """What is known of the code inside a bracket, or outside of all."""

    size: int = 0  #: weight of the tokens, those in inner brackets too
    chain: int = 0  #: weight of the current chain
    copies: int = 0  #: weight that the parts of the current chain copy
    nesting: list[int] = field(default_factory=lambda: [0, 0, 0])  #: operators whose operand goes on, by their reach
    headers: int = 0  #: lambdas whose colon is to come


def too_deep(text: str) -> Refusal | None:
    """Where a text nests too deeply or goes on for too long, if it does."""
    reader = _Reader()
    for token in tokens(text):
        try:
            reader.read(token)
        except _RefusedError as why:
            return Refusal(token.offset, str(why), is_pythons=len(reader.levels) > BRACKET_LIMIT + 1)
    return None


class _Reader:
    """Reads tokens one after the other; raises _RefusedError at a limit."""

    def __init__(self) -> None:
        self.levels = [_Level()]
        self._depth = 0
        self._after_operand = False

    def read(self, token: Token) -> None:
        """The next token."""
        kind, level = token.kind, self.levels[-1]
        weight = _WEIGHTS.get(token.text, 1)
        level.size += weight
        level.chain += weight
        if kind == NAME:
            self._after_operand = self._name(level, token.text)
        elif kind == OPERATOR:
            self._operator(level, token.text)
            self._after_operand = False
        elif kind == OPEN:
            self._open(level, is_call=self._after_operand and token.text != "{")
            self._after_operand = False
        elif kind == CLOSE:
            self._close(level)
            self._after_operand = True
        elif kind != END:
            self._after_operand = True
        elif len(self.levels) == 1:
            self._end(level, _LOOSE)
            level.headers = 0
            self._after_operand = False

    def _open(self, level: _Level, is_call: bool) -> None:
        if is_call:
            self._go_on(level)
        self.levels.append(_Level())
        if len(self.levels) > BRACKET_LIMIT + 1:
            raise _RefusedError("too many nested parentheses")
        self._deepen()

    def _close(self, level: _Level) -> None:
        if len(self.levels) > 1:
            self._end(level, _LOOSE)
            self._depth -= 1
            self.levels.pop()
            self.levels[-1].size += level.size
            self.levels[-1].chain += level.size

    def _name(self, level: _Level, text: str) -> bool:
        """Read a name or keyword; returns whether it ends an operand."""
        if text not in _KEYWORDS:
            return True
        if text == "await":
            self._nest(level, _TIGHT)
        elif text == "not" and not self._after_operand:
            self._nest(level, _NOT)
        elif text == "lambda":
            level.headers += 1
            self._nest(level, _LOOSE)
        else:
            self._end(level, _NOT)
            if text == "else":
                self._nest(level, _LOOSE)
        return False

    def _operator(self, level: _Level, text: str) -> None:
        if text in _ARITHMETIC or text in _SIGNS or text in (".", "**"):
            self._arithmetic(level, text)
        elif text in _COMPARISONS:
            self._end(level, _TIGHT)
        elif level.headers:
            level.headers -= text == ":"
            self._end(level, _NOT)
        else:
            self._end(level, _LOOSE)

    def _arithmetic(self, level: _Level, text: str) -> None:
        if not self._after_operand:
            if text in _SIGNS:
                self._nest(level, _TIGHT)
        elif text == "**":
            self._nest(level, _TIGHT)
        else:
            if text != ".":
                self._leave(level, _TIGHT)
            self._go_on(level)

    def _go_on(self, level: _Level) -> None:
        """A further part of the chain copies those before it."""
        level.copies += level.chain
        if level.copies > COPY_LIMIT:
            raise _RefusedError("an expression goes on for too long")

    def _end(self, level: _Level, reach: int) -> None:
        """End the chain, and the operators that reach no further."""
        level.chain = level.copies = 0
        self._leave(level, reach)

    def _nest(self, level: _Level, reach: int) -> None:
        level.nesting[reach] += 1
        self._deepen()

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise _RefusedError("the code is nested too deeply")

    def _leave(self, level: _Level, reach: int) -> None:
        for kind in range(reach + 1):
            self._depth -= level.nesting[kind]
            level.nesting[kind] = 0
