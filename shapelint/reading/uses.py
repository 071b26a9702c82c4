"""What becomes of a value: fed to a head, returned, indexed again."""

from __future__ import annotations

from collections.abc import Collection

from shapelint.finding import Confidence, Ref
from shapelint.ops.axis_flow import Source
from shapelint.ops.nature import CLASS_LOSSES, HANDS_ON, LAYS_OUT, LOSSES, Nature
from shapelint.reading.operations import is_recurrent_call, is_select, is_subscript
from shapelint.reading.recurrent import is_returned, sequence_of, state_of
from shapelint.reading.single_index import FIRST, is_full
from shapelint.reading.trail import ancestors, drops_ones, flow_of, nature_of, operands_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, Tensor, Tuple, Value
from shapelint.trace.node import Node, given_refs
from shapelint.trace.trace import Trace

#: what leaves the rows of a value where they are
_PASSING = HANDS_ON | {Nature.POINTWISE, Nature.DROPOUT, Nature.SOFTMAX}
_ENTRY_BY_ENTRY = (Nature.POINTWISE, Nature.SUM)
_DEPTH = 8


def is_summary(trace: Trace, node: Node) -> bool:
    """Whether a selected value is used as one row for each sample: fed to a head or a loss, or returned."""
    return summary_confidence(trace, node) is not None


def summary_confidence(trace: Trace, node: Node) -> Confidence | None:
    """How sure it is that a value is a summary: high for a head or a loss, medium where it is returned."""
    result = node.result
    if not isinstance(result, Tensor) or result.ref is None:
        return None
    return confidence_of(trace, result.ref)


def confidence_of(trace: Trace, ref: Ref) -> Confidence | None:
    """`summary_confidence` of any value."""
    reached = _followed(trace, ref, calls_above(trace, ref), 0)
    users = [user for one in reached for user in trace.uses(one)]
    if any(is_head(user) or _compares_with_state(trace, user) for user in users):
        return Confidence.HIGH
    return Confidence.MEDIUM if any(is_returned(trace, ref) for ref in reached) else None


def heads_of(trace: Trace, ref: Ref) -> list[Node]:
    """The operations that take one row for each sample of a value, or of what it becomes."""
    reached = _followed(trace, ref, calls_above(trace, ref), 0)
    return [user for one in reached for user in trace.uses(one) if is_head(user)]


def is_head(user: Node) -> bool:
    """Whether an operation takes one row for each sample: a linear layer, a norm, a similarity, a loss."""
    return nature_of(user) in (Nature.LINEAR, Nature.NORM, Nature.SIMILARITY) or is_loss(user)


def _compares_with_state(trace: Trace, user: Node) -> bool:
    """Whether an operation compares a value with a final state, which has one row for each sample."""
    given = operands_of(user) if nature_of(user) is Nature.COMPARISON else []
    return any(state_of(trace, one) is not None for one in given)


def is_loss(user: Node) -> bool:
    """Whether an operation is a loss."""
    return nature_of(user) in LOSSES


def _followed(trace: Trace, ref: Ref, calls: frozenset[int], depth: int) -> list[Ref]:
    """The value, and what it becomes without losing its rows; not where more of the same call joins it."""
    found = [ref]
    for user in trace.uses(ref) if depth < _DEPTH else ():
        passed = getattr(user.result, "ref", None)
        if passed is not None and (_passes(trace, user, ref) or _joins_others(trace, user, ref, calls)):
            found += _followed(trace, passed, calls, depth + 1)
    return found


def _passes(trace: Trace, user: Node, ref: Ref) -> bool:
    given = operands_of(user)
    if len(given) > 1:
        return nature_of(user) in _ENTRY_BY_ENTRY and _gives_the_rows(trace, user, [one.ref for one in given], ref)
    return (nature_of(user) in _PASSING and len(given) == 1) or drops_ones(trace, user)


def _gives_the_rows(trace: Trace, user: Node, given: list[Ref | None], ref: Ref) -> bool:
    """Whether the rows of a result are those of one operand alone, which the others only scale or shift."""
    flow = flow_of(trace, Ref(user.id))
    return flow is not None and given.count(ref) == 1 and flow.axes[:1] == ((Source(given.index(ref), 0),),)


def _joins_others(trace: Trace, user: Node, ref: Ref, calls: frozenset[int]) -> bool:
    """Whether an operation puts the value beside others that no recurrent call of its own gave."""
    is_longer = isinstance(user.result, Tensor) and user.result.rank == getattr(trace.node(ref).result, "rank", 0)
    if nature_of(user) is not Nature.JOIN or not is_longer:
        return False
    others = [r for r in given_refs(user) if r != ref]
    return all(calls.isdisjoint(calls_above(trace, other)) for other in others)


def calls_above(trace: Trace, ref: Ref) -> frozenset[int]:
    """The recurrent calls that a value is computed from."""
    return frozenset(node.id for node in ancestors(trace, ref) if is_recurrent_call(node))


def takes_first_step(trace: Trace, node: Node, call: Node) -> bool:
    """Whether a subscript takes step 0 of the call's output, whatever else it takes of it."""
    base = node.args[0] if node.args else None
    if not (is_subscript(node) or is_select(node)) or not isinstance(base, Tensor):
        return False
    sequence = sequence_of(trace, base)
    if sequence is None or sequence.slot.call is not call:
        return False
    if is_select(node):
        return node.find("index", Dim) == FIRST
    index = node.args[1]
    parts: tuple[Value, ...] = index.items if isinstance(index, Tuple) else (index,)
    return any(isinstance(part, Int) and part.dim == FIRST for part in parts if not is_full(part))


def feeds_class_loss(trace: Trace, ref: Ref) -> bool:
    """Whether a value, as it is or cut and moved, is what a class loss gets as scores."""
    return _feeds(trace, ref, CLASS_LOSSES, LAYS_OUT | {Nature.SOFTMAX})


def feeds_convolution(trace: Trace, ref: Ref) -> bool:
    """Whether a value, or what is computed of it entry by entry, is what a convolution reads."""
    return _feeds(trace, ref, frozenset((Nature.CONVOLUTION,)), _PASSING | {Nature.SUM, Nature.NORM, Nature.POOLING})


def reached_softmax(trace: Trace, ref: Ref) -> Tensor | None:
    """The softmax of a value, or of what is computed of it entry by entry."""
    waiting = [ref]
    while waiting:
        for user in trace.uses(waiting.pop()):
            made = user.result
            if isinstance(made, Tensor) and made.ref is not None:
                if nature_of(user) is Nature.SOFTMAX:
                    return made
                if nature_of(user) in HANDS_ON | {Nature.POINTWISE, Nature.SUM}:
                    waiting.append(made.ref)
    return None


def _feeds(trace: Trace, ref: Ref, wanted: Collection[Nature], through: Collection[Nature]) -> bool:
    """Whether operations of some natures take a value as their first tensor, or what others make of it."""
    waiting, seen = [ref], set[Ref]()
    while waiting:
        one = waiting.pop()
        seen.add(one)
        for user in trace.uses(one):
            if nature_of(user) in wanted and _first_tensor(user) == one:
                return True
            made = getattr(user.result, "ref", None)
            if nature_of(user) in through and made is not None and made not in seen:
                waiting.append(made)
    return False


def _first_tensor(node: Node) -> Ref | None:
    return next((value.ref for value in (*node.args, *node.kwargs.values()) if isinstance(value, Tensor)), None)
