"""What shows that a tensor is padded: pad_sequence made it, or the same data is packed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.infer.trace import Node, Trace
from shapelint.rules.navigate import PERMUTING, STEPWISE, short_name, tensor_inputs
from shapelint.rules.packing.lengths import packings
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import List, Str, Tensor, Tuple, Value

PAD = "torch.nn.utils.rnn.pad_sequence"

#: operations on each step by itself, which leave the padding where it is
_ON_STEPS = STEPWISE | PERMUTING | {"Embedding", "embedding", "Linear", "linear", "masked_fill", "__mul__"}


def is_left_padding(node: Node) -> bool:
    """Whether a call of pad_sequence puts the padding before the sequences."""
    return node.op == PAD and node.bound.get("padding_side") == Str("left")


def above(trace: Trace, value: Value | None) -> Iterator[Node]:
    """The operations that a tensor went through step by step, from the last to the first."""
    while isinstance(value, Tensor) and value.ref is not None:
        node = trace.node(value.ref)
        yield node
        if short_name(node) not in _ON_STEPS:
            return
        value = next((given for given in tensor_inputs(node) if isinstance(given, Tensor)), None)


def padding_of(trace: Trace, value: Tensor) -> Node | None:
    """The call that shows that a tensor has padding after its shorter sequences."""
    nodes = list(above(trace, value))
    made = next((node for node in nodes if node.op == PAD), None)
    if made is not None:
        return None if is_left_padding(made) or are_equally_long(trace, made) else made
    numbers = {node.id for node in nodes}
    for packing in packings(trace):
        if any(node.id in numbers for node in above(trace, packing.padded)):
            return packing.node
    return None


def are_equally_long(trace: Trace, padding: Node) -> bool:
    """Whether sequences that are padded together are certainly equally long, or there is one only."""
    given = padding.args[0] if padding.args else None
    items = given.items if isinstance(given, List | Tuple) else ()
    if isinstance(given, List) and given.length is not None:
        return trace.resolve(given.length) == Dim.of(1)
    sizes = {trace.resolve(item.sizes[0]) for item in items if isinstance(item, Tensor) and item.axes}
    return isinstance(given, Tensor) or (len(sizes) == 1 and all(isinstance(item, Tensor) for item in items))
