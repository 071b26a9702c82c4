"""Iterating over a value: the rounds that are followed.

A short sequence of known items is followed item by item, and so is a longer one of plain numbers and texts, the
table that layers are built from, and one of layers that differ. Of others the first round and one later round are
followed; what was collected carries the symbolic count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapelint.data import dataclass
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Container, Instance
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Int, Layer, Str, Tensor, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import LATER_ROUND

MAX_EXACT = 8  #: items of a sequence that are followed one by one
MAX_COMPARED = 6  #: levels of modules in modules that are compared
MAX_BUILT = 32  #: of a table of numbers and texts, and rounds of a constructor: what layers are built from


@dataclass(frozen=True, slots=True)
class Rounds:
    """The values of the rounds that are followed; `count` is None when these are all rounds."""

    values: tuple[Value, ...]
    count: Dim | None = None


def member_of(count: Dim | None, number: int) -> str:
    """What tells a round apart: those of a sample stand for one another; of all, what is unknown is another in each."""
    return f"#{number}" if count is None and number else ""


def rounds_over(items: tuple[Value, ...], length: Dim | None = None) -> Rounds:
    """All items of a short sequence, else its first and its last; with a `length` they are a sample.

    Where the items after the first one do different things, none of them stands for the others: the first is followed.
    """
    is_mixed = (length is not None or len(items) > MAX_EXACT) and not are_alike(items[1:])
    if length is None and (len(items) <= MAX_EXACT or _is_table(items) or (is_mixed and len(items) <= MAX_BUILT)):
        return Rounds(items)
    latest = items[-1:] if len(items) > 1 and not is_mixed else ()
    return Rounds(items[:1] + latest, length or Dim.of(len(items)))


def _is_table(items: tuple[Value, ...]) -> bool:
    return len(items) <= MAX_BUILT and all(map(_is_plain, items))


def _is_plain(item: Value) -> bool:
    if isinstance(item, Tuple):
        return all(map(_is_plain, item.items))
    return isinstance(item, Str) or item == NONE or (isinstance(item, Int) and item.dim.constant is not None)


def are_alike(items: Sequence[Value]) -> bool:
    """Whether each of some items stands for the others: no layer, number or size differs, but for numbers of rounds."""
    return all(_is_like(items[0], other, 0) for other in items[1:])


def _is_like(one: Value, other: Value, depth: int) -> bool:
    if type(one) is not type(other) or depth > MAX_COMPARED:
        return type(one) is type(other)
    if isinstance(one, Layer) and isinstance(other, Layer):
        return one.kind == other.kind and one.config == other.config
    if isinstance(one, Int) and isinstance(other, Int):
        return _is_like_size(one.dim, other.dim)
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.rank == other.rank and all(map(_is_like_size, one.sizes, other.sizes))
    parts, others = dict(_parts(one)), dict(_parts(other))
    return parts.keys() == others.keys() and all(_is_like(parts[key], others[key], depth + 1) for key in parts)


def _is_like_size(one: Dim, other: Dim) -> bool:
    return one == other or any(name.startswith(LATER_ROUND) for name in one.symbols | other.symbols)


def _parts(value: Value) -> Iterable[tuple[object, Value]]:
    """The values that a value holds, under their names or numbers."""
    if isinstance(value, Container):
        return value.members.items()
    if isinstance(value, Instance):
        return value.attributes.items()
    return enumerate(value.items) if isinstance(value, Tuple) else ()


def later_round(run: Run, node: facts.Expression) -> Int:
    """The number of a later round: a symbol, at least 1."""
    name = name_of_later(node)
    run.sizes.positive.add(name)
    return Int(Dim.symbol(name))


def name_of_later(node: facts.Expression) -> str:
    """The symbol that stands for a later round of what is iterated over."""
    return f"{LATER_ROUND}{node.span.line}:{node.span.column}"
