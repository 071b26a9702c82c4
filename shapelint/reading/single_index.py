"""Reading a subscript or `select` that takes one entry of one axis and everything of the others."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.reading.operations import is_select, is_subscript
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import EllipsisValue, Int, NoneValue, SliceValue, Tensor, Tuple, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once

ONE = Dim.of(1)
LAST = Dim.of(-1)
FIRST = Dim.of(0)


@dataclass(frozen=True, slots=True)
class Pick:
    """Entry `index` of axis `axis` of `base`; `kept` when the axis stays, one long (`x[-1:]`)."""

    node: Node
    base: Tensor
    axis: int
    index: Dim
    kept: bool
    base_span: Span

    @property
    def picked(self) -> Axis:
        """The axis that the entry is taken of."""
        return self.base.axes[self.axis]

    @property
    def result(self) -> Tensor:
        """What was picked."""
        assert isinstance(self.node.result, Tensor)
        return self.node.result

    @property
    def ref(self) -> Ref:
        """The reference of what was picked."""
        return Ref(self.node.id)

    def is_last(self, trace: Trace) -> bool:
        """Whether the entry is the last one: -1, or the axis' own size less one."""
        return self.index == LAST or trace.resolve(self.index - self.picked.dim) == LAST


@once
def picks(trace: Trace) -> tuple[Pick, ...]:
    """All picks of a trace."""
    return tuple(found for node in trace.nodes if (found := pick_of(node)) is not None)


def pick_of(node: Node) -> Pick | None:
    """A node as a pick, None where it is something else or takes part of a further axis only."""
    if node.error is not None or not isinstance(node.result, Tensor) or node.result.ref is None:
        return None
    base = node.args[0] if node.args else None
    if not isinstance(base, Tensor):
        return None
    if is_select(node):
        return _of_select(node, base)
    if is_subscript(node) and isinstance(node.expression, facts.Subscript):
        return _of_subscript(node, base, node.expression)
    return None


def _of_select(node: Node, base: Tensor) -> Pick | None:
    dim, index = node.find("dim", int), node.find("index", Dim)
    if dim is None or index is None:
        return None
    call = node.expression
    if not isinstance(call, facts.Call) or not isinstance(call.func, facts.Attribute):
        return None
    if len(call.arguments) != 2 or not _is_written(index, call.arguments[1].value):
        return None
    return Pick(node, base, dim % base.rank, index, False, call.func.value.span)


def _of_subscript(node: Node, base: Tensor, expression: facts.Subscript) -> Pick | None:
    parts = parts_of(node, base)
    if len(parts) != 1:
        return None
    (axis, part), *_ = parts.items()
    index = _entry(part)
    if index is None or not _is_written(index, expression.index):
        return None
    return Pick(node, base, axis, index, isinstance(part, SliceValue), expression.value.span)


def parts_of(node: Node, base: Tensor) -> dict[int, Value]:
    """What a subscript takes of the axes that it does not take whole; nothing if it makes new axes."""
    parts = index_parts(node.args[1], base.rank)
    return {axis: part for axis, part in enumerate(parts) if not is_full(part)} if len(parts) <= base.rank else {}


def _is_written(index: Dim, expression: facts.Expression) -> bool:
    """Whether a number stands in the source: a variable that happens to be 0 is a loop's first round."""
    return index.constant is None or index.constant in _numbers(expression)


def _numbers(expression: facts.Expression | None) -> Iterator[int]:
    if isinstance(expression, facts.Literal) and isinstance(expression.value, int):
        yield expression.value
    elif isinstance(expression, facts.Unary) and expression.operator == "-":
        yield from (-number for number in _numbers(expression.operand))
    elif isinstance(expression, facts.Sequence):
        for item in expression.items:
            yield from _numbers(item)
    elif isinstance(expression, facts.Slice):
        yield from _numbers(expression.lower)


def index_parts(index: Value, rank: int) -> list[Value]:
    """The index of each axis, an ellipsis written out."""
    parts = list(index.items) if isinstance(index, Tuple) else [index]
    for place, part in enumerate(parts):
        if isinstance(part, EllipsisValue):
            full = SliceValue(NoneValue(), NoneValue(), NoneValue())
            return [*parts[:place], *[full] * (rank - len(parts) + 1), *parts[place + 1 :]]
    return parts


def is_full(part: Value) -> bool:
    """Whether an index is `:`."""
    return isinstance(part, SliceValue) and all(
        isinstance(bound, NoneValue) for bound in (part.lower, part.upper, part.step)
    )


def _entry(part: Value) -> Dim | None:
    """The one entry that an index takes: an integer, or `-1:`."""
    if isinstance(part, Int):
        return part.dim
    if isinstance(part, SliceValue) and isinstance(part.lower, Int) and part.lower.dim == LAST:
        return LAST if isinstance(part.upper, NoneValue) and isinstance(part.step, NoneValue) else None
    return None
