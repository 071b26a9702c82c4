"""Operations that torch certainly refuses: for which kind of reason, and where the sizes come from that do not go."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from shapelint.finding import Place
from shapelint.ops.nature import LOSSES, Nature
from shapelint.ops.refusals import AxisError, BroadcastError, RankError, SizeError
from shapelint.ops.registry import LAYERS, ShapeError
from shapelint.reading.quoting import place_of
from shapelint.reading.recurrent import states_given
from shapelint.reading.trail import FORWARD, nature_of, operation_of, tensor_inputs
from shapelint.shapes.dim import Dim
from shapelint.shapes.render import Naming
from shapelint.shapes.value import Layer, Tensor
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace, once

KIND = "SHP210"  #: the code of what is refused for being one tensor, or several


class Reason(Enum):
    """Why torch refuses: what the operation is for, where that tells more, else what does not go."""

    SIZES = auto()
    BROADCAST = auto()
    VIEW = auto()
    JOIN = auto()
    RANK = auto()
    AXIS = auto()
    ARGUMENT = auto()
    LOSS = auto()


_BY_ERROR = ((SizeError, Reason.SIZES), (BroadcastError, Reason.BROADCAST), (RankError, Reason.RANK))


@once
def refused(trace: Trace) -> tuple[tuple[Node, ShapeError], ...]:
    """The operations of the analysed file that torch refuses, and what it says."""
    own = ((node, node.error) for node in trace.nodes if node.error is not None and node.path == trace.path)
    known = ((node, error) for node, error in own if operation_of(node) is not None or node.op in LAYERS)
    return tuple((node, error) for node, error in known if error.code != KIND or not is_asked_for_kind(trace, node))


def is_asked_for_kind(trace: Trace, node: Node) -> bool:
    """Whether the code asks if the state of a refused call is a tensor, and torch takes what it is if it is none.

    Who asks may be given either; nobody gives a layer that is known what it does not take. That it is a tensor
    rests on what is done with it on the side of the question on which it is one.
    """
    leaves = [trace.leaf_of(state) for state in states_given(node)]
    paths = [trace.retaken_in_kind(leaf.leaf_key) for leaf in leaves if leaf is not None and leaf.leaf_key is not None]
    return any(_takes(path, node) for path in paths if path is not None)


def _takes(trace: Trace, node: Node) -> bool:
    """Whether another path comes to an operation, and torch does not refuse it there."""
    return any((one.op, one.path, one.span, one.error) == (node.op, node.path, node.span, None) for one in trace.nodes)


def reason_of(node: Node, error: ShapeError) -> Reason:
    """Why torch refuses an operation."""
    nature = nature_of(node)
    if isinstance(error, AxisError):
        return Reason.AXIS
    if nature in LOSSES:
        return Reason.LOSS
    if nature is Nature.JOIN:
        return Reason.JOIN
    if nature is Nature.VIEW and isinstance(error, SizeError):
        return Reason.VIEW
    return next((reason for kind, reason in _BY_ERROR if isinstance(error, kind)), Reason.ARGUMENT)


def sources(trace: Trace, node: Node, error: ShapeError, naming: Naming) -> Iterator[Place]:
    """Where the sizes come from that do not go together: the layer that wants one, and what made the other."""
    layer = node.args[0] if node.args else None
    if isinstance(layer, Layer):
        yield place_of(layer, f"this {layer.name} is built here")
    told: set[int] = set()
    sides = (error.details.get(side) for side in ("got", "expected"))
    for size in (side for side in sides if isinstance(side, Dim)):
        maker = _maker(trace, node, size)
        if maker is not None and maker.id not in told:
            told.add(maker.id)
            yield _made_here(maker, naming.dim(size))


def _made_here(maker: Node, size: str) -> Place:
    layer = maker.args[0] if maker.op.endswith(FORWARD) else None
    if isinstance(layer, Layer):
        return place_of(layer, f"{size} comes from this {layer.name}")
    return place_of(maker, f"{size} comes from here")


def _maker(trace: Trace, node: Node, size: Dim) -> Node | None:
    """The operation that the size first appears in, above what the node is given."""
    found: Node | None = None
    while (above := _with_size(trace, node, size)) is not None:
        found = node = above
    return None if found is None or found.op == INPUT else found


def _with_size(trace: Trace, node: Node, size: Dim) -> Node | None:
    """The operation that made the tensor, of those that a node is given, which has an axis of that size."""
    wanted = trace.resolve(size)
    for value in tensor_inputs(node):
        has = isinstance(value, Tensor) and any(trace.resolve(axis.dim) == wanted for axis in value.axes)
        if has and value.ref is not None:
            return trace.node(value.ref)
    return None
