"""Reading a loss: what is compared with what, and where each side comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.infer.trace import Node, Trace
from shapelint.rules.navigate import short_name, tensor_inputs
from shapelint.rules.uses import LAYOUT
from shapelint.shapes.value import Tensor, Value

POINTWISE = frozenset(
    ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
)
EXACT = frozenset(("BCELoss", "BCEWithLogitsLoss", "binary_cross_entropy", "binary_cross_entropy_with_logits"))


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss call: scores and targets as torch gets them."""

    node: Node
    scores: Tensor
    targets: Value


def losses(trace: Trace, names: frozenset[str]) -> Iterator[Loss]:
    """The calls of the named losses whose scores are known."""
    for node in trace.nodes:
        if short_name(node) not in names or not node.op.startswith("torch.nn."):
            continue
        is_layer = node.op.endswith(".forward")
        given = [*node.args[is_layer:], *(node.kwargs[n] for n in ("input", "target") if n in node.kwargs)]
        if len(given) >= 2 and isinstance(given[0], Tensor):
            yield Loss(node, given[0], given[1])


def cut_from(trace: Trace, value: Tensor, through: frozenset[str] = LAYOUT) -> Iterator[Tensor]:
    """A tensor, what it was cut or moved from, what that was cut from, and so on."""
    while True:
        yield value
        node = None if value.ref is None or value.ref.path else trace.node(value.ref)
        source = None if node is None else next(tensor_inputs(node), None)
        if node is None or short_name(node) not in through or not isinstance(source, Tensor):
            return
        value = source
