"""The calls of a recurrent layer that stand at one place and are made in each round of a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from shapelint.finding import Ref
from shapelint.reading.operations import is_cell_call
from shapelint.reading.recurrent import layer_of, returned_refs, state_given
from shapelint.source import Span
from shapelint.trace.node import Node, given_refs, refs
from shapelint.trace.trace import Trace

Place = tuple[str, Span, tuple[Span, ...]]


def place_in_code(node: Node) -> Place:
    """Where an operation stands, and the calls that lead there: the same in each round of a loop."""
    return node.path, node.span, tuple(frame.span for frame in node.frames)


def place_of_operation(node: Node) -> tuple[str, Span]:
    """Where an operation stands: the same whoever calls the function that it stands in."""
    return node.path, node.span


def round_pairs(calls: Iterable[Node]) -> Iterator[tuple[Node, Node]]:
    """A call in a loop with the same call in the round after it, for each such pair."""
    before: dict[object, Node] = {}
    for call in calls:
        place = (place_in_code(call), layer_of(call).ref)
        if place in before:
            yield before[place], call
        before[place] = call


def feeds(trace: Trace, first: Node, later: Node, cuts: Callable[[Node], bool] = lambda node: False) -> bool:
    """Whether the state that `later` is given comes from the one that `first` returned, through no node that `cuts`."""
    given = state_given(later)
    waiting, seen = [] if given is None else list(refs(given)), set[Ref]()
    while waiting:
        ref = waiting.pop()
        node = trace.node(ref)
        if ref in seen or cuts(node):
            continue
        if node is first and _is_state(first, ref):
            return True
        if node.id <= first.id:
            continue
        seen.add(ref)
        waiting.extend(given_refs(node))
    return False


def _is_state(call: Node, ref: Ref) -> bool:
    return is_cell_call(call) or ref.path[:1] in ((), (1,))


def is_dropped(trace: Trace, call: Node) -> bool:
    """Whether nothing takes the state that a layer's call returns, nor the whole result."""
    dropped = (Ref(call.id), *(Ref(call.id, path) for path in ((1,), (1, 0), (1, 1))))
    return returned_refs(trace).isdisjoint(dropped) and not any(trace.uses(ref) for ref in dropped)
