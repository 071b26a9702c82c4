"""SHP218, where the order is told: rows in the order of the lengths that are joined with rows in the caller's order."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.finding import Confidence, Finding, Ref
from shapelint.ops.nature import LOSSES, Nature
from shapelint.reading.layout.orders import Reordering, maker_of, reordering_of
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import next_state, states_given
from shapelint.reading.trail import ancestors, flow_of, nature_of, operands_of
from shapelint.rules.base import Rule
from shapelint.rules.report import report
from shapelint.shapes.value import Packed, Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_JOINS = frozenset((Nature.JOIN, Nature.SUM, Nature.POINTWISE)) | LOSSES


def mixed(rule: Rule, trace: Trace, call: Node, reordering: Reordering) -> Iterator[Finding]:
    """Operations that lay the results of a sorted batch beside rows that came in with the batch and were not sorted."""
    states = states_given(call)
    if states and all(_is_in_other_order(trace, state, 1, reordering) for state in states):
        yield _finding(rule, trace, reordering, call, next_state(call), 1, "the state")
    for join, axis in _joins(trace, call):
        if _is_mixed(trace, join, axis, reordering, call):
            yield _finding(rule, trace, reordering, join, Ref(join.id), axis, "what is joined with the results")
            break


def _joins(trace: Trace, call: Node) -> Iterator[tuple[Node, int]]:
    """The operations on several tensors behind a call, each with an axis of its result that several of them have."""
    for node in trace.nodes[call.id + 1 :]:
        flow = flow_of(trace, Ref(node.id)) if nature_of(node) in _JOINS and node.error is None else None
        for axis, sources in enumerate(() if flow is None else flow.axes):
            if len({one.operand for one in sources}) > 1:
                yield node, axis


def _is_mixed(trace: Trace, join: Node, axis: int, reordering: Reordering, call: Node) -> bool:
    flow, given = flow_of(trace, Ref(join.id)), operands_of(join)
    if flow is None:
        return False
    rows = [(given[one.operand], one.axis) for one in flow.axes[axis]]
    stays = any(_stays_sorted(trace, value, reordering, call) for value, _ in rows)
    return stays and any(_is_in_other_order(trace, value, at, reordering) for value, at in rows)


def _stays_sorted(trace: Trace, value: Tensor | Packed, reordering: Reordering, call: Node) -> bool:
    """Whether a value is made of the call's results, and nothing has put its rows in another order."""
    if value.ref is None:
        return False
    above = list(ancestors(trace, value.ref))
    moved = [node for node in above if node.id > call.id and reordering_of(node) is not None]
    return call in above and not moved


def _is_in_other_order(trace: Trace, value: Value, axis: int, reordering: Reordering) -> bool:
    """Whether the rows along an axis are those of an input of the code, in the order in which it was given them."""
    order = maker_of(trace, reordering.index)
    if order is None or not isinstance(value, Tensor) or value.ref is None:
        return False
    above = list(ancestors(trace, value.ref))
    if order in above or any(is_recurrent_call(node) for node in above):
        return False
    while isinstance(value, Tensor) and value.ref is not None:
        node, flow = trace.node(value.ref), flow_of(trace, value.ref)
        if node.leaf_key is not None:
            return bool(node.bound.get("given")) and axis == 0
        sources = () if flow is None or reordering_of(node) is not None else flow.axes[axis]
        if len(sources) != 1:
            return False
        value, axis = operands_of(node)[sources[0].operand], sources[0].axis
    return False


def _finding(
    rule: Rule, trace: Trace, reordering: Reordering, node: Node, target: Ref, axis: int, what: str
) -> Finding:
    source = reordering.base.ref
    return report(
        rule,
        trace,
        node,
        f"`{quote(trace, reordering.node.span)}` puts the samples in the order of their lengths, and {what} is in the "
        "order of the caller: rows of different samples meet",
        claims=[BatchIndependence(target, source, reordering.axis, axis)] if source is not None else [],
        related=[place_of(reordering.node, "the batch is sorted here")],
        help="put the results back first, or sort the other rows as well; or pack with `enforce_sorted=False`",
        confidence=Confidence.MEDIUM,
    )
