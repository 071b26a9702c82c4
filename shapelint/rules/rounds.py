"""The calls of a recurrent layer that stand at one place and are made in each round of a loop."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Ref
from shapelint.infer.trace import Node, Trace, refs
from shapelint.rules.navigate import layer_of
from shapelint.shapes.value import NoneValue, Value


def round_pairs(calls: Iterator[Node]) -> Iterator[tuple[Node, Node]]:
    """A call in a loop with the same call in the round after it, for each such pair."""
    before: dict[object, Node] = {}
    for call in calls:
        place = (call.span, call.path, tuple(frame.span for frame in call.frames), layer_of(call).ref)
        if place in before:
            yield before[place], call
        before[place] = call


def state_given(call: Node) -> Value | None:
    """The state argument of a recurrent call or a cell's; None where it has none, or None."""
    given = call.args[2] if len(call.args) > 2 else call.kwargs.get("hx")
    return None if isinstance(given, NoneValue) else given


def is_dropped(trace: Trace, call: Node) -> bool:
    """Whether nothing takes the state that a layer's call returns, nor the whole result."""
    dropped = (Ref(call.id), *(Ref(call.id, path) for path in ((1,), (1, 0), (1, 1))))
    returned = {ref for value in trace.returned for ref in refs(value)}
    return returned.isdisjoint(dropped) and not any(True for ref in dropped for _ in trace.uses(ref))
