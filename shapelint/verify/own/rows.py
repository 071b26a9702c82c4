"""Where a mistake with rows shows in what a class's method gives back: which argument to change, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref
from shapelint.shapes.inside import Path, inside, loop_length
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.decision import Free
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace
from shapelint.verify.own.values import Values
from shapelint.verify.program.encode import UnreplayableError
from shapelint.verify.program.plan import axis_of_size, resolved
from shapelint.verify.program.program import Writer, backward_slice, value_at


@dataclass(frozen=True, slots=True)
class Rows:
    """A claim in terms of an argument, with its axes to change, and of the rows of a part of the result.

    `sound` is what would hold of a sound model.
    """

    sound: str
    argument: str
    batch_axis: int | None
    time_axis: int | None
    part: Path
    row_axis: int
    lengths: tuple[int, ...] = ()
    on_left: bool = False


def rows_of(values: Values, claim: Claim, parameters: Sequence[Free]) -> Rows | None:
    """Where a claim about rows shows; None where the result has no such rows, or no argument its samples and steps."""
    source, row_axis = claim.options.get("source"), claim.options.get("target_axis")
    if not isinstance(source, Ref) or not isinstance(row_axis, int):
        return None
    with suppress(UnreplayableError, StopIteration):
        varied = next(_varied(values, claim, source, parameters))
        shown = next(_shown(values.trace, claim.target, row_axis))
        lengths = _lengths(values, claim, source)
        return Rows(claim.sound, *varied, *shown, lengths, bool(claim.options.get("on_left")))
    return None


def _varied(
    values: Values, claim: Claim, source: Ref, parameters: Sequence[Free]
) -> Iterator[tuple[str, int | None, int | None]]:
    """The arguments that the source is made of and that have its samples and steps, with the axes of these."""
    names = {parameter.key: parameter.name for parameter in parameters}
    trace = values.trace
    for leaf in backward_slice(trace, [source]):
        if leaf.leaf_key not in names or not _is_free(values, leaf):
            continue
        axes = {name: _axis_of(trace, claim, source, leaf, name) for name in claim.varied}
        if None not in axes.values():
            yield names[leaf.leaf_key], axes.get("batch_axis"), axes.get("time_axis")


def _is_free(values: Values, leaf: Node) -> bool:
    """Whether an input holds random numbers; lengths are what they are."""
    return "values" not in Writer(values.trace, values.nodes, values.plan).input(leaf)


def _axis_of(trace: Trace, claim: Claim, source: Ref, leaf: Node, option: str) -> int | None:
    """The axis of an input that an option names in the source."""
    axis, value = claim.options.get(option), value_at(trace, source)
    if not isinstance(axis, int) or not isinstance(value, Tensor) or not isinstance(leaf.result, Tensor):
        return None
    if source == leaf.result.ref:
        return axis % value.rank
    return axis_of_size(trace, leaf.result, resolved(trace, value.axes[axis].dim), axis % value.rank)


def _shown(trace: Trace, target: Ref, row_axis: int) -> Iterator[tuple[Path, int]]:
    """The parts of what is returned that depend on the target and have its rows, with the axis of these."""
    value = value_at(trace, target)
    if not isinstance(value, Tensor) or not trace.returned:
        return
    dim = resolved(trace, value.axes[row_axis].dim)
    for part, tensor in _tensors(trace.returned[-1]):
        if tensor.ref is None or target.node not in {node.id for node in backward_slice(trace, [tensor.ref])}:
            continue
        axis = row_axis if tensor.ref == target else axis_of_size(trace, tensor, dim, row_axis)
        if axis is not None:
            yield part, axis


def _tensors(returned: Value) -> Iterator[tuple[Path, Tensor]]:
    """The tensors that the caller reaches by indices and names, and how."""
    samples = {path for path, value in inside(returned) if loop_length(value) is not None}
    for path, value in inside(returned):
        is_named = all(isinstance(key, str | int) for key in path)
        if isinstance(value, Tensor) and is_named and not any(path[: len(one)] == one for one in samples):
            yield path, value


def _lengths(values: Values, claim: Claim, source: Ref) -> tuple[int, ...]:
    """The lengths of the samples, where the claim is about padding."""
    value = value_at(values.trace, source)
    if not claim.of_padding or not isinstance(value, Tensor):
        return ()
    axes = (claim.options[name] for name in ("batch_axis", "time_axis"))
    batch, time = (values.plan.number(value.axes[axis].dim) for axis in axes if isinstance(axis, int))
    return tuple(values.plan.lengths(batch, time))
