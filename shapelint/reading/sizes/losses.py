"""Reading a loss: what is compared with what, and where each side comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from shapelint.data import dataclass
from shapelint.ops.nature import LAYS_OUT, Nature
from shapelint.reading.trail import nature_of, natures, trail
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss call: scores and targets as torch gets them."""

    node: Node
    scores: Tensor
    targets: Value


def losses(trace: Trace, wanted: Collection[Nature]) -> Iterator[Loss]:
    """The calls of losses of some natures whose scores are known."""
    for node in trace.nodes:
        if nature_of(node) not in wanted:
            continue
        is_layer = node.op.endswith(".forward")
        given = [*node.args[is_layer:], *(node.kwargs[n] for n in ("input", "target") if n in node.kwargs)]
        if len(given) >= 2 and isinstance(given[0], Tensor):
            yield Loss(node, given[0], given[1])


def cut_from(trace: Trace, value: Tensor, through: Collection[Nature] = LAYS_OUT) -> Iterator[Tensor]:
    """A tensor, what it was cut or moved from, what that was cut from, and so on."""
    return (one for one in trail(trace, value, natures(through)) if isinstance(one, Tensor))
