"""Permutations of a batch: what is put into another order, and by which vector of places."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.reading.operations import is_argsort, is_index_select, is_sort, is_subscript
from shapelint.reading.single_index import parts_of
from shapelint.reading.trail import ancestors
from shapelint.reading.written import before_moves
from shapelint.shapes.value import Dtype, Packed, Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Reordering:
    """A selection of entries along one axis by a vector of places."""

    node: Node
    base: Tensor
    axis: int
    index: Tensor


def reordering_of(node: Node) -> Reordering | None:
    """A subscript or index_select as a reordering; None for anything else."""
    base = node.args[0] if node.args and node.error is None else None
    if not isinstance(base, Tensor) or not isinstance(node.result, Tensor):
        return None
    axis, index = _selected(node, base)
    if not isinstance(axis, int) or not isinstance(index, Tensor) or index.rank != 1 or index.dtype is not Dtype.INT:
        return None
    return Reordering(node, base, axis % base.rank, index)


def _selected(node: Node, base: Tensor) -> tuple[object, object]:
    """The one axis of which entries are taken, and which: not more than one, everything of the others."""
    if is_index_select(node):
        return node.find("dim", int), node.find("index", Tensor)
    parts = parts_of(node, base) if is_subscript(node) else {}
    return next(iter(parts.items())) if len(parts) == 1 else (None, None)


def maker_of(trace: Trace, value: Tensor) -> Node | None:
    """The operation that a tensor comes from, before it was moved or converted."""
    source = before_moves(trace, value)
    return trace.node(source.ref) if isinstance(source, Tensor) and source.ref is not None else None


def is_order(node: Node, value: Value) -> bool:
    """Whether a value is the order that a sort gives: of argsort the result, of sort the second part."""
    path = value.ref.path if isinstance(value, Tensor) and value.ref is not None else ()
    return is_argsort(node) or (is_sort(node) and path == (1,))


def sorting(trace: Trace, packed: Packed) -> Reordering | None:
    """Where the padded batch was put in the order that a sort gave."""
    assert packed.padded is not None
    for node in ancestors(trace, packed.padded):
        found = reordering_of(node)
        if found is None:
            continue
        maker = maker_of(trace, found.index)
        return found if maker is not None and is_order(maker, before_moves(trace, found.index)) else None
    return None
