"""The lengths that a packing call gets: which argument they are, and what the source tells of them."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_packing, is_recurrent_call
from shapelint.reading.quoting import quote
from shapelint.reading.recurrent import line_above
from shapelint.reading.trail import nature_of
from shapelint.reading.written import argument, creation_of, is_written_to
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed, loop_length
from shapelint.shapes.value import NONE, Bool, Int, Packed, Tensor, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once


@dataclass(frozen=True, slots=True)
class Packing:
    """A call of pack_padded_sequence on a tensor, with its lengths."""

    node: Node
    padded: Tensor
    lengths: Value

    @property
    def batch_first(self) -> bool:
        """The layout in which the call reads the tensor."""
        given = _given(self.node, 2, "batch_first")
        return isinstance(given, Bool) and given.value

    @property
    def enforces_order(self) -> bool:
        """Whether the lengths must certainly fall: enforce_sorted is True, or left at that."""
        given = _given(self.node, 3, "enforce_sorted")
        return given is None or given == Bool(True)

    @property
    def batch(self) -> Dim:
        """How many sequences there are."""
        return self.padded.sizes[0 if self.batch_first else 1]

    @property
    def steps(self) -> Dim:
        """How many steps the padded tensor has."""
        return self.padded.sizes[1 if self.batch_first else 0]

    def has_length_per_step(self, trace: Trace) -> bool:
        """Whether there are as many lengths as the tensor has steps, and not as many as it has sequences."""
        count = count_of(self.lengths)
        if count is None:
            return False
        count, steps, batch = (trace.resolve(size) for size in (count, self.steps, self.batch))
        return count == steps != batch and count.constant is None

    def is_layout_meant(self, trace: Trace) -> bool:
        """Whether the author thought of the layout: batch_first=True is said, or the tensor was permuted."""
        return self.batch_first or is_permuted(trace, self.padded)

    @property
    def is_misread(self) -> bool:
        """Whether the tensor is certainly in the other layout: an operation gave its axes their roles."""
        roles = (Role.TIME, Role.BATCH) if self.batch_first else (Role.BATCH, Role.TIME)
        return tuple(axis.role for axis in self.padded.axes[:2]) == roles

    @property
    def written_lengths(self) -> facts.Expression | None:
        """The lengths as they are written."""
        written = argument(self.node, 1, "lengths")
        return None if written is None else written.value

    def lengths_are(self, trace: Trace) -> str:
        """The lengths as the beginning of a sentence."""
        written = self.written_lengths
        return "the lengths are" if written is None else f"`{quote(trace, written.span)}` is"


@once
def packings(trace: Trace) -> tuple[Packing, ...]:
    """All packing calls of a trace, those that torch refuses too."""
    return tuple(found for node in trace.nodes if (found := packing_of(node)) is not None)


def packing_of(node: Node) -> Packing | None:
    """A node as a packing call."""
    if not is_packing(node) or not node.args or not isinstance(node.args[0], Tensor) or node.args[0].rank < 2:
        return None
    lengths = _given(node, 1, "lengths")
    return None if lengths is None else Packing(node, node.args[0], lengths)


def reader_of(trace: Trace, packing: Packing) -> Node | None:
    """The recurrent call that reads the packed sequence."""
    packed = packing.node.result
    users = trace.uses(packed.ref) if isinstance(packed, Packed) and packed.ref is not None else iter(())
    return next((user for user in users if is_recurrent_call(user) and user.error is None), None)


def packing_before(trace: Trace, value: Value) -> Packing | None:
    """The packing call that a packed sequence comes from, maybe through recurrent layers."""
    while isinstance(value, Packed) and value.ref is not None:
        node = trace.node(value.ref)
        found = packing_of(node)
        if found is not None:
            return found
        given = (*node.args, *node.kwargs.values())
        value = next((one for one in given if isinstance(one, Packed)), NONE)
    return None


def count_of(lengths: Value) -> Dim | None:
    """How many lengths there are."""
    if isinstance(lengths, Tensor):
        return lengths.axes[0].dim if lengths.rank == 1 else None
    return loop_length(lengths)


def is_permuted(trace: Trace, value: Tensor) -> bool:
    """Whether a permutation lies between the tensor and what it was made of."""
    return any(nature_of(node) is Nature.PERMUTATION for node in line_above(trace, value))


def _given(node: Node, position: int, name: str) -> Value | None:
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def is_overlong(trace: Trace, packing: Packing) -> bool:
    """Whether a length is certainly greater than the number of steps."""
    steps = trace.resolve(packing.steps)
    return any((length - steps).is_positive() for length in some_lengths(trace, packing.lengths))


def some_lengths(trace: Trace, lengths: Value) -> tuple[Dim, ...]:
    """Lengths that are certainly among those given."""
    maker = creation_of(trace, lengths)
    if maker is None or "fill_value" not in maker.named or is_written_to(trace, maker):
        return known_lengths(trace, lengths)
    fill = maker.find("fill_value", Int)
    return () if fill is None else (trace.resolve(fill.dim),)


def known_lengths(trace: Trace, lengths: Value) -> tuple[Dim, ...]:
    """All lengths in order, where the source lists them; else none."""
    if isinstance(lengths, Tensor):
        maker = creation_of(trace, lengths)
        if maker is None or nature_of(maker) is not Nature.DATA or not maker.args or is_written_to(trace, maker):
            return ()
        lengths = maker.args[0]
    items = listed(lengths) or ()
    found = tuple(trace.resolve(item.dim) for item in items if isinstance(item, Int))
    return found if len(found) == len(items) else ()
