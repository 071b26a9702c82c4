"""Following one axis of a value through a trace: to the axes that it comes from, and to those that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.reading.trail import flow_of, operands_of
from shapelint.shapes.inside import inside
from shapelint.shapes.value import Dtype, Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_MAX_PLACES = 80  #: values along which one axis is followed


@dataclass(frozen=True, slots=True)
class Spot:
    """One axis of one value."""

    value: Tensor
    ref: Ref
    axis: int


def spot_of(value: Value, axis: int) -> Spot | None:
    """An axis of a value of the trace; None for a value that the trace did not make."""
    if not isinstance(value, Tensor) or value.ref is None or not value.rank:
        return None
    return Spot(value, value.ref, axis % value.rank)


def upward(trace: Trace, spot: Spot) -> list[Spot]:
    """The spot, and those that its axis comes from."""
    return _reached([spot], lambda one: _above(trace, one))


def followed(trace: Trace, spot: Spot) -> list[Spot]:
    """The spot, those that its axis comes from, and all that these become."""
    return _reached(upward(trace, spot), lambda one: _below(trace, one))


def downward(trace: Trace, spot: Spot) -> list[Spot]:
    """The spot, and those that its axis becomes."""
    return _reached([spot], lambda one: _below(trace, one))


def first_source(trace: Trace, spot: Spot) -> Spot:
    """The earliest value that has the axis: of real numbers, where there is one, of which gradients can be taken."""
    above = sorted(upward(trace, spot), key=lambda one: one.ref.node)
    return next((one for one in above if one.value.dtype is Dtype.FLOAT), above[0])


def _reached(start: list[Spot], onward: Callable[[Spot], Iterator[Spot]]) -> list[Spot]:
    found, seen = list(start), {(one.ref, one.axis) for one in start}
    for one in found:  # which grows meanwhile
        for other in onward(one) if len(found) < _MAX_PLACES else ():
            if (other.ref, other.axis) not in seen:
                seen.add((other.ref, other.axis))
                found.append(other)
    return found


def _above(trace: Trace, spot: Spot) -> Iterator[Spot]:
    """The axes of the operands that an axis is, one of each operand."""
    flow = flow_of(trace, spot.ref)
    if flow is None:
        return
    given = operands_of(trace.node(spot.ref))
    for source in flow.axes[spot.axis]:
        operand = given[source.operand]
        is_whole = sum(source in sources for sources in flow.axes) == 1
        is_single = sum(one.operand == source.operand for one in flow.axes[spot.axis]) == 1
        found = spot_of(operand, source.axis) if is_whole and is_single and isinstance(operand, Tensor) else None
        if found is not None:
            yield found


def _below(trace: Trace, spot: Spot) -> Iterator[Spot]:
    """The axes of results that an axis is."""
    for user in trace.uses(spot.ref):
        for made in results_of(user):
            for at in _kept_at(trace, user, made, spot):
                yield Spot(made, made.ref, at) if made.ref is not None else spot


def _kept_at(trace: Trace, user: Node, made: Tensor, spot: Spot) -> Iterator[int]:
    flow = None if made.ref is None else flow_of(trace, made.ref)
    for number, operand in enumerate(operands_of(user)):
        if flow is None or operand.ref != spot.ref:
            continue
        places = [at for at, sources in enumerate(flow.axes) if (number, spot.axis) in sources]
        if len(places) == 1 and sum(one.operand == number for one in flow.axes[places[0]]) == 1:
            yield places[0]


def results_of(node: Node) -> Iterator[Tensor]:
    """The tensors that an operation gives."""
    return (one for _, one in inside(node.result) if isinstance(one, Tensor) and one.ref is not None)
