"""Reading a loss: what is compared with what, and where each side comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from shapelint.data import dataclass
from shapelint.ops.nature import CLASS_LOSSES, LAYS_OUT, Nature
from shapelint.reading.loops.rounds_of_calls import place_of_operation
from shapelint.reading.sizes.around import is_learned
from shapelint.reading.trail import made_by, nature_of, natures, trail
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor, Value
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once


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


def maker_of_scores(trace: Trace, loss: Loss) -> Node | None:
    """What computed the scores of a loss that torch runs in training, before they were cut or moved."""
    if loss.node.error is not None or not is_learned(trace, loss.scores):
        return None
    if is_in_evaluation(trace):
        return None
    origin = list(cut_from(trace, loss.scores))[-1]
    return None if origin.ref is None or origin.ref.path else made_by(trace, origin)


def is_in_evaluation(trace: Trace) -> bool:
    """Whether a path takes a side on which no module trains: what a model gives there is not for a loss."""
    return any("training" in decision.subject and decision.choice is False for decision in trace.decisions)


def classes_last(traces: Iterable[Trace]) -> frozenset[tuple[str, Span]]:
    """The places that make scores whose last axis a loss takes for the classes, on any path."""
    return frozenset(place for trace in traces for place in _classes_last(trace))


@once
def _classes_last(trace: Trace) -> frozenset[tuple[str, Span]]:
    found: set[tuple[str, Span]] = set()
    for loss in losses(trace, CLASS_LOSSES):
        class_axis = loss.scores.axes[1] if loss.scores.rank > 1 else None
        if class_axis is None or class_axis.role is not Role.FEATURE or loss.node.error is not None:
            continue
        above = cut_from(trace, loss.scores, LAYS_OUT | {Nature.SOFTMAX})
        found |= {place_of_operation(node) for one in above if (node := made_by(trace, one)) is not None}
    return frozenset(found)
