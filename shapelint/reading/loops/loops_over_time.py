"""Layers that a loop calls step by step: which calls are rounds of one loop, what they read, what they carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.reading.loops.rounds_of_calls import feeds
from shapelint.reading.operations import is_select, is_subscript, is_unbind
from shapelint.reading.recurrent import input_of
from shapelint.reading.single_index import parts_of
from shapelint.reading.trail import tensor_inputs
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import inside
from shapelint.shapes.value import Int, SliceValue, Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_DEPTH = 8  #: operations between a step and the call that reads it


@dataclass(frozen=True, slots=True)
class Rounds:
    """The calls of one layer at one place, in successive rounds of a loop."""

    calls: tuple[Node, ...]

    @property
    def first(self) -> Node:
        """The call in the first round."""
        return self.calls[0]

    @property
    def later(self) -> Node:
        """The call in the last round that was followed."""
        return self.calls[-1]


@dataclass(frozen=True, slots=True)
class Step:
    """What one round reads of a sequence: one entry of axis `axis` of `base`."""

    node: Node
    base: Tensor
    axis: int


def rounds_of(trace: Trace, is_called: Callable[[Node], bool]) -> Iterator[Rounds]:
    """The calls of certain layers that a loop repeats."""
    groups: dict[object, list[Node]] = {}
    for node in trace.nodes:
        if is_called(node):
            layer = getattr(node.args[0], "ref", None)
            groups.setdefault((layer, node.span, node.path, node.frames), []).append(node)
    for calls in groups.values():
        if len(calls) > 1 and all(call.error is None for call in calls):
            yield Rounds(tuple(calls))


def results_of(call: Node) -> list[Ref]:
    """The tensors that a call gives."""
    return [one.ref for _, one in inside(call.result) if isinstance(one, Tensor) and one.ref is not None]


def is_fed_back(trace: Trace, rounds: Rounds) -> bool:
    """Whether each later call gets what the call before it gave, as its state."""
    pairs = zip(rounds.calls, rounds.calls[1:], strict=False)
    return all(feeds(trace, before, call) for before, call in pairs)


def steps_of(trace: Trace, rounds: Rounds) -> Step | None:
    """The sequence that the rounds read entry by entry; None where the inputs are no steps of one tensor."""
    found = [_step_in(trace, input_of(call)) for call in rounds.calls]
    one = found[0]
    if one is None or any(step is None or (step.base.ref, step.axis) != (one.base.ref, one.axis) for step in found):
        return None
    return one


def _step_in(trace: Trace, value: Value | None) -> Step | None:
    for _ in range(_DEPTH):
        ref = getattr(value, "ref", None)
        if ref is None:
            return None
        node = trace.node(ref)
        step = _as_step(node, ref)
        if step is not None:
            return step
        value = next(tensor_inputs(node), None)
    return None


def _as_step(node: Node, ref: Ref) -> Step | None:
    """A node as one entry of an axis, which a loop's number chooses."""
    base = node.args[0] if node.args else None
    if not isinstance(base, Tensor) or base.ref is None:
        return None
    if is_unbind(node) and ref.path:
        dim = node.find("dim", int)
        return None if dim is None else Step(node, base, dim % base.rank)
    if is_select(node) and (dim := node.find("dim", int)) is not None:
        return Step(node, base, dim % base.rank)
    chosen = list(parts_of(node, base).items()) if is_subscript(node) else []
    return Step(node, base, chosen[0][0]) if len(chosen) == 1 and _is_one_entry(chosen[0][1]) else None


def _is_one_entry(index: Value) -> bool:
    """Whether an index takes one entry: `t`, or `t : t + 1`."""
    if isinstance(index, SliceValue) and isinstance(index.lower, Int) and isinstance(index.upper, Int):
        return index.upper.dim - index.lower.dim == Dim.of(1)
    return isinstance(index, Int)


def batch_axis_of(step: Step) -> int | None:
    """The axis of the sequence that is the batch of each step: the other one of its first two."""
    return 1 - step.axis if step.axis in (0, 1) and step.base.rank >= 2 else None


def is_one(trace: Trace, size: Dim) -> bool:
    """Whether a size is 1."""
    return trace.resolve(size) == Dim.of(1)
