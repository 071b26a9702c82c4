"""Subscripts in all forms: integers, slices, None, Ellipsis, tensors, lists and tuples that mix them.

Torch applies integers, slices and None first; then the tensors and lists index together ("advanced"
indexing): their common axes stand where they stood if they stand next to each other, in front otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.ops.axes import ONE, Axes, broadcast, resized
from shapelint.ops.axis_flow import Source
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import AxisError, BroadcastError, RankError, StepError
from shapelint.ops.registry import Assumptions, Undetermined, op
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.inside import length_of
from shapelint.shapes.value import (
    NONE,
    Bool,
    Dtype,
    EllipsisValue,
    Int,
    List,
    NoneValue,
    SliceValue,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

ZERO = Dim.of(0)
Indexed = tuple[Axis, Axes | None]  #: an axis that is left, and the axes of the tensor that indexes it


def _listed(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterator[Source]:
    """The axes whose entries an index lists, in its own order."""
    indices = _fill_ellipsis(_parts(bound["index"]), operands[0].rank)
    reading = (index for index in indices if not isinstance(index, NoneValue))
    for axis, index in enumerate(reading):
        if not isinstance(index, Int | SliceValue):
            yield Source(0, axis)


@op("torch.Tensor.__getitem__", moves=_listed, nature=Nature.SELECTION)
def getitem(input: Tensor, index: Value, assume: Assumptions) -> Tensor:
    """`input[index]`."""
    left = _apply_basic(input.axes, _fill_ellipsis(_parts(index), input.rank), assume)
    return replace(input, axes=_apply_advanced(left, assume), ref=None)


@op("torch.Tensor.__setitem__", nature=Nature.WRITE)
def setitem(input: Tensor, index: Value, value: Value, assume: Assumptions) -> Value:
    """`input[index] = value`: the value must broadcast to what the index selects."""
    selected = getitem(input, index, assume)
    if isinstance(value, Tensor):
        extra = max(0, value.rank - selected.rank)
        if not all(assume.agree(axis.dim, ONE) for axis in value.axes[:extra]):
            raise RankError(f"{value.rank} dimensions do not fit into {selected.rank}")
        check_assignable(value.axes[extra:], selected.axes, assume)
    return NONE


def check_assignable(given: Axes, target: Axes, assume: Assumptions) -> None:
    """Raise ShapeError where `given` does not broadcast to exactly the axes of `target`."""
    if len(given) > len(target):
        raise RankError(f"{len(given)} dimensions do not broadcast to {len(target)}")
    for axis, wanted in zip(reversed(given), reversed(target), strict=False):
        if assume.same(axis.dim, ONE) is not Same.EQUAL and not assume.agree(axis.dim, wanted.dim):
            _refuse_unless_one(axis, wanted, assume)


def _refuse_unless_one(axis: Axis, wanted: Axis, assume: Assumptions) -> None:
    if not assume.agree(axis.dim, ONE):
        raise BroadcastError("size $got does not fit $expected", expected=wanted.dim, got=axis.dim)


def _parts(index: Value) -> tuple[Value, ...]:
    return index.items if isinstance(index, Tuple) else (index,)


def _fill_ellipsis(indices: Sequence[Value], rank: int) -> tuple[Value, ...]:
    """Write `...`, or the axes that are not named at the end, as full slices."""
    full = SliceValue(NONE, NONE, NONE)
    missing = rank - sum(map(_consumed, indices))
    if missing < 0:
        raise RankError(f"too many indices for a tensor with {rank} dimensions", rank=rank)
    places = [at for at, index in enumerate(indices) if isinstance(index, EllipsisValue)]
    if not places:
        return (*indices, *[full] * missing)
    if len(places) > 1:
        raise Undetermined("two ellipses")
    return (*indices[: places[0]], *[full] * missing, *indices[places[0] + 1 :])


def _consumed(index: Value) -> int:
    """How many axes an index reads."""
    if isinstance(index, Bool) or (isinstance(index, Tensor) and index.dtype is not Dtype.INT):
        raise Undetermined("a mask as an index: how much it selects is in its contents")
    return 0 if isinstance(index, NoneValue | EllipsisValue) else 1


def _apply_basic(axes: Axes, indices: Sequence[Value], assume: Assumptions) -> list[Indexed]:
    left: list[Indexed] = []
    source = iter(axes)
    for index in indices:
        if isinstance(index, NoneValue):
            left.append((Axis(ONE), None))
            continue
        axis = next(source)
        if isinstance(index, Int):
            check_within(index.dim, axis.dim, assume)
        elif isinstance(index, SliceValue):
            left.append((sliced(axis, index, assume), None))
        elif not _is_scalar(index):
            left.append((axis, _index_axes(index)))
    return left


def _is_scalar(index: Value) -> bool:
    """Torch reads an integer tensor without axes like a Python integer."""
    return isinstance(index, Tensor) and index.dtype is Dtype.INT and not index.axes


def check_within(index: Dim, size: Dim, assume: Assumptions) -> None:
    """Raise ShapeError where `index` certainly lies outside [-size, size)."""
    index, size = assume.resolve(index), assume.resolve(size)
    if (index - size).is_natural() or (-index - size).is_positive():
        raise AxisError("index $got of an axis of size $expected", expected=size, got=index)


def _index_axes(index: Value) -> Axes:
    """The axes of an index that is a tensor or a list of integers."""
    if isinstance(index, Tensor):
        return index.axes
    if isinstance(index, List | Tuple):
        return tuple(map(Axis, _nested_sizes(index)))
    raise Undetermined(f"a {type(index).__name__.lower()} as an index: how much it selects is not known")


def _nested_sizes(index: Value) -> tuple[Dim, ...]:
    if isinstance(index, Int):
        return ()
    if not isinstance(index, List | Tuple) or not index.items:
        raise Undetermined("a list as an index that does not hold integers")
    inner = {_nested_sizes(item) for item in index.items}
    if len(inner) > 1:
        raise Undetermined("a ragged list as an index")
    return (length_of(index), *inner.pop())


def _apply_advanced(left: Sequence[Indexed], assume: Assumptions) -> Axes:
    places = [at for at, (_, index) in enumerate(left) if index is not None]
    kept = [axis for axis, index in left if index is None]
    if not places:
        return tuple(kept)
    read = [left[at][0] for at in places]
    common = broadcast(assume, *(index for _, index in left if index is not None))
    chosen = tuple(_picked(axis, read, len(common), assume) for axis in common)
    together = places[-1] - places[0] == len(places) - 1
    front = places[0] if together else 0
    return (*kept[:front], *chosen, *kept[front:])


def _picked(axis: Axis, read: Sequence[Axis], rank: int, assume: Assumptions) -> Axis:
    """What an axis of the index means in the result: it walks along an axis that was read."""
    if axis.role is not Role.UNKNOWN:
        return axis
    if len(read) == 1 and rank == 1:
        return resized(replace(read[0], parts=()), axis.dim)
    walked = {r.role: r for r in read if assume.same(r.dim, axis.dim) is Same.EQUAL}
    if len(read) == 1 or len(walked) != 1:
        return axis
    return resized(replace(next(iter(walked.values())), parts=()), axis.dim)


def sliced(axis: Axis, index: SliceValue, assume: Assumptions) -> Axis:
    """The axis cut by `lower:upper:step`; `t:t+1` with a symbol is taken as inside the axis.

    An unknown bound counts where it is a size elsewhere: then it is neither None nor negative.
    """
    if index == SliceValue(NONE, NONE, NONE):
        return axis
    step = _bound(index.step, ONE, assume).constant
    if step is None:
        raise Undetermined("a slice with a symbolic step")
    if step < 1:
        raise StepError("a slice of a tensor needs a positive step")
    size = assume.resolve(axis.dim)
    length = slice_length(_bound(index.lower, ZERO, assume), _bound(index.upper, size, assume), size)
    return resized(axis, length if step == 1 else (length + Dim.of(step - 1)) // Dim.of(step))


def _bound(value: Value, default: Dim, assume: Assumptions) -> Dim:
    if isinstance(value, NoneValue):
        return default
    if isinstance(value, Int) or (isinstance(value, Unknown) and assume.same(value.dim, ZERO) is Same.DIFFERENT):
        return assume.resolve(value.dim)
    raise Undetermined("a slice with a bound that is not known")


def slice_length(lower: Dim, upper: Dim, size: Dim) -> Dim:
    """How many entries of `size` lie in `lower:upper`, negative bounds counted from the end."""
    start, stop = _inside(lower, size), _inside(upper, size)
    if (start - stop).is_natural():
        return ZERO
    if (stop - start).is_natural():
        return stop - start
    if lower.is_natural() and (upper - lower).is_natural():
        return upper - lower
    raise Undetermined("a slice whose bounds cannot be compared")


def _inside(bound: Dim, size: Dim) -> Dim:
    """A bound counted from the start, cut to the axis."""
    return size - (-bound).minimum(size) if (-bound).is_positive() else bound.minimum(size)
