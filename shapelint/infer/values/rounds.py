"""Iterating over a value: the rounds that are followed.

A short sequence of known items is followed item by item, and so is a longer one of plain numbers and texts, the
table that layers are built from. Of others the first round and one later round are followed; what was collected
carries the symbolic count.
"""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.infer.run.run import Run
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Int, Str, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import LATER_ROUND

MAX_EXACT = 8  #: items of a sequence that are followed one by one
MAX_BUILT = 32  #: of a table of numbers and texts, and rounds of a constructor: what layers are built from


@dataclass(frozen=True, slots=True)
class Rounds:
    """The values of the rounds that are followed; `count` is None when these are all rounds."""

    values: tuple[Value, ...]
    count: Dim | None = None


def rounds_over(items: tuple[Value, ...], length: Dim | None = None) -> Rounds:
    """All items of a short sequence, else its first and its last; with a `length` they are a sample."""
    if length is None and (len(items) <= MAX_EXACT or _is_table(items)):
        return Rounds(items)
    return Rounds(items[:1] + items[-1:] if len(items) > 1 else items, length or Dim.of(len(items)))


def _is_table(items: tuple[Value, ...]) -> bool:
    return len(items) <= MAX_BUILT and all(map(_is_plain, items))


def _is_plain(item: Value) -> bool:
    if isinstance(item, Tuple):
        return all(map(_is_plain, item.items))
    return isinstance(item, Str) or item == NONE or (isinstance(item, Int) and item.dim.constant is not None)


def later_round(run: Run, node: facts.Expression) -> Int:
    """The number of a later round: a symbol, at least 1."""
    name = name_of_later(node)
    run.sizes.positive.add(name)
    return Int(Dim.symbol(name))


def name_of_later(node: facts.Expression) -> str:
    """The symbol that stands for a later round of what is iterated over."""
    return f"{LATER_ROUND}{node.span.line}:{node.span.column}"
