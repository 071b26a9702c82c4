"""What shows that a tensor is padded: pad_sequence made it, or the same data is packed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_padding
from shapelint.reading.packing.lengths import packings
from shapelint.reading.trail import keeps_steps, made_by, nature_of, tensor_inputs, trail
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import loop_length
from shapelint.shapes.value import List, Str, Tensor, Tuple, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def is_left_padding(node: Node) -> bool:
    """Whether a call of pad_sequence puts the padding before the sequences."""
    return is_padding(node) and node.find("padding_side", Str) == Str("left")


def above(trace: Trace, value: Value | None) -> Iterator[Node]:
    """The operations that a tensor went through step by step, from the last to the first."""
    for one in trail(trace, value, _leaves_padding):
        node = made_by(trace, one)
        if node is not None:
            yield node


def _leaves_padding(trace: Trace, node: Node) -> bool:
    """Whether an operation works on each step by itself, which leaves the padding where it is."""
    return nature_of(node) is Nature.PERMUTATION or keeps_steps(trace, node)


def padding_of(trace: Trace, value: Tensor) -> Node | None:
    """The call that shows that a tensor has padding after its shorter sequences."""
    nodes = list(above(trace, value))
    made = next((node for node in nodes if is_padding(node)), None)
    if made is not None:
        return None if is_left_padding(made) or are_equally_long(trace, made) else made
    numbers = {node.id for node in nodes}
    for packing in packings(trace):
        if any(node.id in numbers for node in above(trace, packing.padded)):
            return packing.node
    return None


def _is_row(trace: Trace, item: Value) -> bool:
    """Whether it is an entry of one tensor, whole: all of its rows are equally long."""
    made = made_by(trace, item)
    whole = next(tensor_inputs(made), None) if made is not None else None
    if made is None or not isinstance(item, Tensor) or not isinstance(whole, Tensor):
        return False
    return nature_of(made) in (Nature.SELECTION, Nature.PIECES) and item.sizes == whole.sizes[1:]


def are_equally_long(trace: Trace, padding: Node) -> bool:
    """Whether sequences that are padded together are certainly equally long, or there is one only."""
    given = padding.args[0] if padding.args else None
    items = given.items if isinstance(given, List | Tuple) else ()
    if items and all(_is_row(trace, item) for item in items):
        return True
    if (length := loop_length(given)) is not None:
        return trace.resolve(length) == Dim.of(1)
    sizes = {trace.resolve(item.sizes[0]) for item in items if isinstance(item, Tensor) and item.axes}
    return isinstance(given, Tensor) or (len(sizes) == 1 and all(isinstance(item, Tensor) for item in items))
