"""What is written into a tensor after it was made: `h[0] = x`, `h.zero_()`, `nn.init.normal_(h)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once

SETITEM = "torch.Tensor.__setitem__"
_AUGMENTED = ("__iadd__", "__isub__", "__imul__", "__itruediv__")
#: in place, but no numbers are written
NO_NUMBERS = ("requires_grad_", "detach_", "squeeze_", "unsqueeze_", "t_", "transpose_")


def writes(node: Node) -> bool:
    """Whether an operation writes numbers into its first argument."""
    return writes_by_name(node.op) and bool(node.args)


def writes_by_name(op: str) -> bool:
    """The same by the name of the operation: torch ends the names of those with a line."""
    name = op.rpartition(".")[2]
    in_place = name.endswith("_") and not name.endswith("__") and name not in NO_NUMBERS
    return in_place or name in _AUGMENTED or op == SETITEM


@once
def writers(trace: Trace) -> Mapping[int, Sequence[Node]]:
    """By the number of the node that gave a tensor, what is written into it, or into what may be a view of it."""
    found: dict[int, list[Node]] = {}
    for node in trace.nodes:
        for number in _written_to(trace, node) if writes(node) else ():
            found.setdefault(number, []).append(node)
    return found


def _written_to(trace: Trace, node: Node) -> Iterator[int]:
    """The node that gave what is written into, and those above it as long as each may be a view of the next."""
    value = node.args[0]
    while isinstance(value, Tensor) and value.ref is not None and value.ref.node < node.id:
        yield value.ref.node
        node = trace.nodes[value.ref.node]
        if not node.args:
            return
        value = node.args[0]
