"""In which order the elements of a tensor lie in memory, and whether a view can cut them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shapelint.finding import Ref
from shapelint.ops.nature import HANDS_ON, MAKES, Nature
from shapelint.reading.layout.views import view_base
from shapelint.reading.operations import is_contiguous, is_recurrent_call, is_strict_view, is_unpacking
from shapelint.reading.recurrent import config_of
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import flow_of, nature_of, operands_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.equations import product_of
from shapelint.shapes.monomials import Symbol
from shapelint.shapes.value import NoneValue, Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

Order = tuple[int, ...]  #: the axes, from the slowest in memory to the fastest

_MAX_STEPS = 30

#: what writes a new tensor in the order of its axes
_FRESH = MAKES | {Nature.LINEAR, Nature.LOOKUP, Nature.CONVOLUTION, Nature.NORM, Nature.JOIN, Nature.SOFTMAX}

#: what gives a result that lies in memory as its one operand does
_KEEPING = HANDS_ON | {Nature.POINTWISE, Nature.DROPOUT}


def order_of(trace: Trace, value: Value) -> Order | None:
    """The memory order of a tensor; None where it is not known, as for a parameter."""
    exchanges: list[Order] = []
    for _ in range(_MAX_STEPS):
        ref = getattr(value, "ref", None)
        if ref is None or not isinstance(value, Tensor):
            return None
        order = _written_order(trace, value, ref)
        if order is not None:
            return _exchanged(order, reversed(exchanges))
        node = trace.node(ref)
        source = next((given for given in node.args if isinstance(given, Tensor)), None)
        moved = None if source is None else permutation(trace, node)
        if source is None or (moved is None and not _keeps(node)):
            return None
        exchanges += [] if moved is None else [moved]
        value = source
    return None


def _keeps(node: Node) -> bool:
    return nature_of(node) in _KEEPING and len(operands_of(node)) == 1


def _exchanged(order: Order, exchanges: Iterable[Order]) -> Order:
    for moved in exchanges:
        order = tuple(moved.index(axis) for axis in order)
    return order


def _written_order(trace: Trace, value: Tensor, ref: Ref) -> Order | None:
    """The order in which an operation has written its result; None where it may hand on its argument's."""
    node = trace.node(ref)
    if is_recurrent_call(node):
        is_output = ref.path == (0,) and value.rank == 3
        return _turned(value, is_output and config_of(node).batch_first)
    if is_unpacking(node) and ref.path == (0,):
        return _turned(value, node.flag("batch_first"))
    is_copied = is_contiguous(node) and node.find("memory_format", NoneValue) is not None
    return _turned(value, False) if is_copied or nature_of(node) in _FRESH else None


def _turned(value: Tensor, batch_first: bool) -> Order:
    """Recurrent layers compute time first; with batch_first their output is a transposed view."""
    return tuple(range(value.rank)) if not batch_first else (1, 0, *range(2, value.rank))


def permutation(trace: Trace, node: Node) -> Order | None:
    """Which axis of its argument stands at each place of an operation that exchanges axes; None for others."""
    flow = flow_of(trace, Ref(node.id)) if nature_of(node) is Nature.PERMUTATION else None
    return None if flow is None else tuple(source.axis for sources in flow.axes for source in sources)


def is_refused_view(trace: Trace, node: Node) -> bool:
    """Whether torch refuses a `view`: it would merge axes that do not lie beside each other in memory."""
    base = view_base(node)
    order = order_of(trace, base) if base is not None and is_strict_view(node) else None
    if order is None or base is None or not isinstance(node.result, Tensor):
        return False
    sizes = [trace.resolve(size) for size in base.sizes]
    wanted = [trace.resolve(size) for size in node.result.sizes]
    if not _symbols(wanted) <= _symbols(sizes) or any(map(_is_rounded, wanted)):
        return False
    ends = _products([product_of(sizes[axis] for axis in chunk) for chunk in _chunks(sizes, order)])
    return not set(ends[:-1]) <= set(_products(wanted))


def _chunks(sizes: Sequence[Dim], order: Order) -> Iterator[list[int]]:
    """Runs of neighbouring axes that lie beside each other in memory; axes of length 1 lie anywhere."""
    filled = [axis for axis in order if sizes[axis] != ONE]
    chunk: list[int] = []
    for axis in sorted(filled):
        if chunk and filled.index(axis) != filled.index(chunk[-1]) + 1:
            yield chunk
            chunk = []
        chunk.append(axis)
    yield chunk


def _products(sizes: Sequence[Dim]) -> list[Dim]:
    return [product_of(sizes[: count + 1]) for count in range(len(sizes))]


def _is_rounded(size: Dim) -> bool:
    return any(not isinstance(atom, Symbol) for monomial, _ in size.terms for atom, _power in monomial)


def _symbols(sizes: Sequence[Dim]) -> frozenset[str]:
    return frozenset().union(*(size.symbols for size in sizes))
