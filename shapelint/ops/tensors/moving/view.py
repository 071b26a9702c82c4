"""Operations that change how the axes cut the same elements: view, permute, unsqueeze, expand ..."""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import (
    ONE,
    Axes,
    axis_at,
    given,
    known,
    may_be_one,
    merged,
    position,
    positions,
    resized,
    with_axis,
)
from shapelint.ops.axis_flow import axes_named
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import BroadcastError, RankError
from shapelint.ops.registry import Assumptions, ShapeError, Sizes, Undetermined, op
from shapelint.ops.tensors.moving.recut import INFERRED, complete_sizes, recut
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Dtype, Tensor, Value


def _viewed(input: Tensor, sizes: Sizes, assume: Assumptions) -> Tensor:
    return replace(input, axes=recut(input.axes, complete_sizes(input.axes, sizes, assume), assume), ref=None)


def _with_axes(input: Tensor, axes: Axes) -> Tensor:
    return replace(input, axes=axes, ref=None)


@op("torch.Tensor.view", nature=Nature.VIEW)
def view(input: Tensor, *size: Sizes, assume: Assumptions) -> Tensor:
    """Cut the same elements, in memory order, into other sizes."""
    return _viewed(input, given(size), assume)


@op("torch.Tensor.reshape", nature=Nature.VIEW)
def reshape_method(input: Tensor, *shape: Sizes, assume: Assumptions) -> Tensor:
    """Like `view`, after a copy where memory order demands one."""
    return _viewed(input, given(shape), assume)


@op("torch.reshape", nature=Nature.VIEW)
def reshape(input: Tensor, shape: Sizes, assume: Assumptions) -> Tensor:
    """The function form takes one sequence."""
    return _viewed(input, shape, assume)


@op("torch.Tensor.view_as", "torch.Tensor.reshape_as", nature=Nature.VIEW)
def view_as(input: Tensor, other: Tensor, assume: Assumptions) -> Tensor:
    """Cut the elements like those of `other`."""
    return _viewed(input, Sizes(other.sizes), assume)


@op("torch.flatten", "torch.Tensor.flatten", nature=Nature.VIEW)
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the axes from `start_dim` to `end_dim` into one."""
    first, last = position(start_dim, input.rank), position(end_dim, input.rank)
    if first > last:
        raise ShapeError("flatten: start_dim comes after end_dim")
    one = merged(input.axes[first : last + 1])
    return _with_axes(input, (*input.axes[:first], one, *input.axes[last + 1 :]))


@op("torch.ravel", "torch.Tensor.ravel", nature=Nature.VIEW)
def ravel(input: Tensor) -> Tensor:
    """Merge all axes into one."""
    return _with_axes(input, (merged(input.axes),))


@op("torch.unflatten", "torch.Tensor.unflatten", nature=Nature.VIEW)
def unflatten(input: Tensor, dim: int, sizes: Sizes, assume: Assumptions) -> Tensor:
    """Split one axis into several."""
    if not input.axes or not sizes:
        raise Undetermined("unflatten of a scalar, or into nothing")
    at = position(dim, input.rank)
    own = input.axes[at : at + 1]
    split = recut(own, complete_sizes(own, sizes, assume), assume)
    return _with_axes(input, (*input.axes[:at], *split, *input.axes[at + 1 :]))


@op("torch.squeeze", "torch.Tensor.squeeze", "torch.Tensor.squeeze_", nature=Nature.VIEW)
def squeeze(input: Tensor, dim: Sizes | None = None, *, assume: Assumptions) -> Tensor:
    """Drop axes of size 1; without `dim`, an axis whose size is a symbol stays, unless 1 is its default.

    An axis that is named is there to be dropped, so whether a symbol is 1 is a choice of the path.
    """
    named = range(input.rank) if dim is None else positions(known(dim), input.rank)
    sizes = {at: input.axes[at].dim for at in named if input.axes}
    dropped = {at for at, size in sizes.items() if assume.choose_equal(size, ONE, otherwise=dim is not None)}
    return _with_axes(input, tuple(axis for at, axis in enumerate(input.axes) if at not in dropped))


@op("torch.unsqueeze", "torch.Tensor.unsqueeze", "torch.Tensor.unsqueeze_", rank_change=1, nature=Nature.VIEW)
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Put an axis of size 1 in front of `dim`."""
    at = position(dim, input.rank + 1)
    return _with_axes(input, (*input.axes[:at], Axis(ONE), *input.axes[at:]))


def _permuted(input: Tensor, dims: Sizes) -> Tensor:
    order = known(dims)
    if len(order) != input.rank:
        raise RankError(f"permute: {len(order)} dimensions for a tensor with {input.rank}")
    return _with_axes(input, tuple(input.axes[at] for at in positions(order, input.rank)))


@op("torch.Tensor.permute", rank_change=0, nature=Nature.PERMUTATION)
def permute_method(input: Tensor, *dims: Sizes) -> Tensor:
    """Reorder all axes."""
    return _permuted(input, given(dims))


@op("torch.permute", rank_change=0, nature=Nature.PERMUTATION)
def permute(input: Tensor, dims: Sizes) -> Tensor:
    """The function form takes one sequence."""
    return _permuted(input, dims)


@op(
    "torch.transpose",
    "torch.Tensor.transpose",
    "torch.Tensor.transpose_",
    "torch.swapaxes",
    "torch.Tensor.swapaxes",
    "torch.swapdims",
    "torch.Tensor.swapdims",
    rank_change=0,
    nature=Nature.PERMUTATION,
)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes."""
    first, second = position(dim0, input.rank), position(dim1, input.rank)
    order = list(input.axes)
    if order:
        order[first], order[second] = order[second], order[first]
    return _with_axes(input, tuple(order))


@op("torch.t", "torch.Tensor.t", "torch.Tensor.t_", rank_change=0, nature=Nature.PERMUTATION)
def t(input: Tensor) -> Tensor:
    """Exchange the axes of a matrix."""
    if input.rank > 2:
        raise RankError(f"t() expects at most 2 dimensions and gets {input.rank}")
    return _with_axes(input, input.axes[::-1])


@op("torch.Tensor.T", rank_change=0, attribute=True, nature=Nature.PERMUTATION)
def reversed_axes(input: Tensor) -> Tensor:
    """Reverse all axes."""
    return _with_axes(input, input.axes[::-1])


@op("torch.Tensor.mT", rank_change=0, attribute=True, nature=Nature.PERMUTATION)
def matrix_transpose(input: Tensor) -> Tensor:
    """Exchange the last two axes."""
    if input.rank < 2:
        raise RankError(f".mT expects at least 2 dimensions and gets {input.rank}")
    return _with_axes(input, (*input.axes[:-2], input.axes[-1], input.axes[-2]))


@op(
    "torch.movedim",
    "torch.Tensor.movedim",
    "torch.moveaxis",
    "torch.Tensor.moveaxis",
    rank_change=0,
    nature=Nature.PERMUTATION,
)
def movedim(input: Tensor, source: Sizes, destination: Sizes) -> Tensor:
    """Move axes to other places; the others keep their order."""
    sources = positions(known(source), input.rank)
    destinations = positions(known(destination), input.rank)
    if len(sources) != len(destinations):
        raise ShapeError("movedim: source and destination differ in length")
    others = iter(axis for at, axis in enumerate(input.axes) if at not in sources)
    moved = dict(zip(destinations, sources, strict=True))
    axes = tuple(input.axes[moved[at]] if at in moved else next(others) for at in range(input.rank))
    return _with_axes(input, axes)


@op("torch.Tensor.contiguous", rank_change=0, nature=Nature.SAME)
def contiguous(input: Tensor, memory_format: Value = NONE) -> Tensor:
    """Copy into memory order; nothing changes in what the axes mean."""
    return _with_axes(input, input.axes)


def _expanded(input: Tensor, sizes: Sizes, assume: Assumptions) -> Tensor:
    new = len(sizes) - input.rank
    if new < 0:
        raise RankError(f"expand: {len(sizes)} sizes for a tensor with {input.rank} dimensions")
    if INFERRED in sizes[:new]:
        raise ShapeError("expand: -1 for an axis that the tensor does not have")
    pairs = zip(input.axes, sizes[new:], strict=True)
    kept = tuple(axis if size == INFERRED else _expand_axis(axis, size, assume) for axis, size in pairs)
    return _with_axes(input, (*map(Axis, sizes[:new]), *kept))


def _expand_axis(axis: Axis, size: Dim, assume: Assumptions) -> Axis:
    if assume.resolve(axis.dim) == ONE:
        return resized(axis, size)
    if assume.agree(axis.dim, size):
        return axis
    if may_be_one(axis.dim, assume):
        return resized(axis, size)
    raise BroadcastError("expand: size $expected does not become $got", expected=axis.dim, got=size)


@op("torch.Tensor.expand", nature=Nature.EXPANSION)
def expand(input: Tensor, *size: Sizes, implicit: Value = NONE, assume: Assumptions) -> Tensor:
    """Show axes of size 1 at other sizes, and new axes in front."""
    return _expanded(input, given(size), assume)


@op("torch.Tensor.expand_as", nature=Nature.EXPANSION)
def expand_as(input: Tensor, other: Tensor, assume: Assumptions) -> Tensor:
    """Expand to the sizes of `other`."""
    return _expanded(input, Sizes(other.sizes), assume)


@op("torch.broadcast_to", nature=Nature.EXPANSION)
def broadcast_to(input: Tensor, size: Sizes, assume: Assumptions) -> Tensor:
    """Expand, with the sizes as one sequence."""
    return _expanded(input, size, assume)


@op("torch.Tensor.broadcast_to", nature=Nature.EXPANSION)
def broadcast_method(input: Tensor, *size: Sizes, assume: Assumptions) -> Tensor:
    """Expand, with the sizes as one sequence or one by one."""
    return _expanded(input, given(size), assume)


def _repeated(axes: Axes, times: Sizes) -> Axes:
    return tuple(_repeat_axis(axis, count) for axis, count in zip(axes, times, strict=True))


def _repeat_axis(axis: Axis, times: Dim) -> Axis:
    if times == ONE:
        return axis
    if axis.dim == ONE:
        return resized(axis, times)
    return replace(axis, dim=axis.dim * times, parts=(Axis(times), *(axis.parts or (axis,))))


@op("torch.Tensor.repeat", nature=Nature.EXPANSION)
def repeat(input: Tensor, *repeats: Sizes) -> Tensor:
    """Lay copies behind each other along each axis; more counts than axes add axes in front."""
    counts = given(repeats)
    new = len(counts) - input.rank
    if new < 0:
        raise RankError(f"repeat: {len(counts)} counts for a tensor with {input.rank} dimensions")
    return _with_axes(input, _repeated((*[Axis(ONE)] * new, *input.axes), counts))


@op("torch.tile", "torch.Tensor.tile", nature=Nature.EXPANSION)
def tile(input: Tensor, dims: Sizes) -> Tensor:
    """Like `repeat`, where missing counts are 1."""
    rank = max(len(dims), input.rank)
    counts = Sizes([*[ONE] * (rank - len(dims)), *dims])
    return _with_axes(input, _repeated((*[Axis(ONE)] * (rank - input.rank), *input.axes), counts))


@op("torch.repeat_interleave", "torch.Tensor.repeat_interleave", moves=axes_named("dim"), nature=Nature.EXPANSION)
def repeat_interleave(input: Tensor, repeats: Dim, dim: int | None = None, *, output_size: Value = NONE) -> Tensor:
    """Repeat each entry of an axis in place."""
    whole = merged(input.axes) if dim is None else axis_at(input, dim)
    axis = replace(whole, dim=whole.dim * repeats, parts=(*(whole.parts or (whole,)), Axis(repeats)))
    if dim is None or not input.axes:
        return _with_axes(input, (axis,))
    return _with_axes(input, with_axis(input, dim, axis if repeats != ONE else whole))


@op("torch.atleast_2d", nature=Nature.VIEW)
def atleast_2d(input: Tensor) -> Tensor:
    """Put axes of size 1 in front until there are two."""
    return _with_axes(input, (*[Axis(ONE)] * (2 - input.rank), *input.axes))


@op("torch.nn.functional.one_hot", rank_change=1, nature=Nature.ONE_HOT)
def one_hot(input: Tensor, num_classes: Dim = INFERRED) -> Tensor:
    """Append an axis of `num_classes`; without it, the contents decide."""
    if num_classes == INFERRED:
        raise Undetermined("the number of classes is in the contents")
    return Tensor((*input.axes, Axis(num_classes)), Dtype.INT)
