"""Taking the step of each sequence that a vector of places names: `output[arange, lengths - 1]`, `gather`."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.operations import is_gather, is_method, is_subscript, subtracts
from shapelint.reading.packing.lengths import packing_before
from shapelint.reading.recurrent import Sequence, input_of, sequence_of
from shapelint.reading.single_index import is_full, parts_of
from shapelint.reading.trail import nature_of, tensor_inputs
from shapelint.reading.written import argument, before_moves
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Dtype, Int, NoneValue, Tensor, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

#: what gives the same numbers another shape, type or place, or keeps them inside the axis
_RESHAPING = HANDS_ON | {Nature.VIEW, Nature.EXPANSION, Nature.PERMUTATION, Nature.BOUND}


@dataclass(frozen=True, slots=True)
class StepOfEach:
    """A step of each sequence of `base`, a recurrent output: `index` plus `offset`, before it was reshaped."""

    node: Node
    base: Tensor
    sequence: Sequence
    time: int
    index: Tensor
    offset: int
    written: facts.Expression | None

    @property
    def batch(self) -> int:
        """The axis of the sequences in what is taken."""
        return next(at for at, axis in enumerate(self.base.axes) if axis.role is Role.BATCH) if self.keeps_axes else 0

    @property
    def keeps_axes(self) -> bool:
        """Whether the time axis stays, one long: after gather."""
        return is_gather(self.node)

    def is_length(self, trace: Trace) -> bool:
        """Whether the index holds how long the sequences of this very output are."""
        unpacked = self.sequence.unpacked
        if unpacked is not None and self.index.ref == Ref(unpacked.id, (1,)):
            return True
        packed = input_of(self.sequence.slot.call)
        packing = None if packed is None else packing_before(trace, packed)
        if packing is not None:
            given = before_moves(trace, packing.lengths)
            return isinstance(given, Tensor) and given.ref == self.index.ref
        return self._counts_steps(trace)

    def _counts_steps(self, trace: Trace) -> bool:
        """Whether the index is the sum of a mask of (batch, time) over the time."""
        node = trace.node(self.index.ref) if self.index.ref is not None else None
        if node is None or nature_of(node) is not Nature.TOTAL:
            return False
        summed = next(tensor_inputs(node), None)
        if not isinstance(summed, Tensor) or summed.rank != 2 or summed.dtype is Dtype.FLOAT:
            return False
        sizes = [*summed.sizes, self.index.sizes[0], self.base.sizes[self.time]]
        first, second, kept, steps = (trace.resolve(size) for size in sizes)
        return first != second and {first, second} == {kept, steps}


def steps_of_each(trace: Trace) -> Iterator[StepOfEach]:
    """All such takings of a trace, those that torch refuses too."""
    for node in trace.nodes:
        base = node.args[0] if node.args else None
        found = _taken(node, base) if isinstance(base, Tensor) else None
        if found is None or not isinstance(base, Tensor):
            continue
        sequence = sequence_of(trace, base)
        if sequence is not None:
            time, index, written = found
            yield StepOfEach(node, base, sequence, time, *_origin(trace, index), written)


def _taken(node: Node, base: Tensor) -> tuple[int, Tensor, facts.Expression | None] | None:
    """The time axis, the places along it, and how they are written."""
    if is_gather(node):
        dim, index = node.find("dim", int), node.find("index", Tensor)
        if dim is None or index is None or base.axes[dim].role is not Role.TIME:
            return None
        given = argument(node, 1 if is_method(node) else 2, "index")
        return dim % base.rank, index, None if given is None else given.value
    parts = parts_of(node, base) if is_subscript(node) else {}
    by_role = {base.axes[at].role: at for at in parts}
    if len(parts) != 2 or by_role.keys() != {Role.BATCH, Role.TIME}:
        return None
    time = by_role[Role.TIME]
    places = parts[time]
    if not isinstance(places, Tensor) or places.rank != 1 or places.dtype is not Dtype.INT:
        return None
    return time, places, _item(node, time)


def _item(node: Node, place: int) -> facts.Expression | None:
    """An item of a subscript, as it is written."""
    index = node.expression.index if isinstance(node.expression, facts.Subscript) else None
    items = index.items if isinstance(index, facts.Sequence) else ()
    return items[place] if place < len(items) else None


def _origin(trace: Trace, index: Tensor) -> tuple[Tensor, int]:
    """The numbers before they were reshaped and moved, and what was added to them since."""
    offset = 0
    while index.ref is not None:
        node = trace.node(index.ref)
        added = _added(node)
        source = next(tensor_inputs(node), None)
        if not isinstance(source, Tensor) or (added is None and not _reshapes(node)):
            break
        index, offset = source, offset + (added or 0)
    return index, offset


def _reshapes(node: Node) -> bool:
    """Whether an operation keeps the numbers, as `lengths[:, None]` does."""
    if not is_subscript(node):
        return nature_of(node) in _RESHAPING
    parts = node.args[1].items if isinstance(node.args[1], Tuple) else (node.args[1],)
    return all(isinstance(part, NoneValue) or is_full(part) for part in parts)


def _added(node: Node) -> int | None:
    """The number that an operation adds to a tensor."""
    sign = None if nature_of(node) is not Nature.SUM else -1 if subtracts(node) else 1
    other: Value | None = node.args[1] if len(node.args) == 2 else None
    number = other.dim.constant if isinstance(other, Int) else None
    return None if sign is None or number is None else sign * number
