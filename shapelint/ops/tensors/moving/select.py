"""Functions that pick entries along an axis: select, narrow, index_select, gather, masks, scatter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from shapelint.ops.axes import ONE, Axes, Operand, axis_at, broadcast, position, resized, with_axis
from shapelint.ops.axis_flow import axes_from, axes_named, every_axis, others
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import AxisError, RankError, SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, op
from shapelint.ops.tensors.moving.index import check_within
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, Dtype, Int, List, Tensor, Tuple, Value


@op("torch.select", "torch.Tensor.select", rank_change=-1, nature=Nature.SELECTION)
def select(input: Tensor, dim: int, index: Dim, assume: Assumptions) -> Tensor:
    """One entry of an axis; the axis goes."""
    if not input.axes:
        raise RankError("select of a scalar")
    at = position(dim, input.rank)
    check_within(index, input.axes[at].dim, assume)
    return replace(input, axes=(*input.axes[:at], *input.axes[at + 1 :]), ref=None)


@op("torch.narrow", "torch.Tensor.narrow", rank_change=0, nature=Nature.SELECTION)
def narrow(input: Tensor, dim: int, start: Dim, length: Dim, assume: Assumptions) -> Tensor:
    """`length` entries of an axis from `start` on."""
    if not input.axes:
        raise RankError("narrow of a scalar")
    axis = axis_at(input, dim)
    first = start + axis.dim if (-start).is_positive() else start
    if assume.resolve(first + length - axis.dim).is_positive() or (-length).is_positive():
        wording = "$length entries from $start on do not lie in an axis of size $expected"
        raise AxisError(wording, length=length, start=start, expected=axis.dim)
    return replace(input, axes=with_axis(input, dim, resized(axis, length)), ref=None)


@op("torch.index_select", "torch.Tensor.index_select", rank_change=0, moves=axes_named("dim"), nature=Nature.SELECTION)
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The entries of an axis that `index`, (N) or a scalar, lists."""
    if index.rank > 1:
        raise RankError("index_select needs an index with one dimension")
    axis = axis_at(input, dim)
    picked = resized(axis, index.axes[0].dim if index.axes else ONE)
    return replace(input, axes=with_axis(input, dim, picked), ref=None)


@op("torch.gather", "torch.Tensor.gather", rank_change=0, moves=axes_named("dim"), nature=Nature.SELECTION)
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: Value = NONE, assume: Assumptions) -> Tensor:
    """The shape of `index`; each of its axes walks along the same axis of `input`."""
    if not input.axes or not index.axes:
        raise Undetermined("gather with a scalar")
    _check_index_fits(input.axes, index.axes, {position(dim, input.rank)}, assume)
    pairs = zip(input.axes, index.axes, strict=True)
    return replace(input, axes=tuple(resized(axis, i.dim) for axis, i in pairs), ref=None)


def _check_index_fits(axes: Axes, index: Axes, free: Collection[int], assume: Assumptions) -> None:
    """Raise ShapeError where the ranks differ, or the index is longer on an axis that is not free."""
    if len(axes) != len(index):
        raise RankError(f"an index with {len(index)} dimensions for {len(axes)}")
    for at, (axis, i) in enumerate(zip(axes, index, strict=True)):
        if at not in free and assume.resolve(i.dim - axis.dim).is_positive():
            raise SizeError("index size $got is larger than $expected", expected=axis.dim, got=i.dim)


@op("torch.take_along_dim", "torch.Tensor.take_along_dim", moves=axes_named("dim"), nature=Nature.SELECTION)
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, assume: Assumptions) -> Tensor:
    """Gather, where the axes other than `dim` broadcast."""
    if dim is None or input.rank != indices.rank:
        raise Undetermined("take_along_dim over all elements, or between different ranks")
    at = position(dim, input.rank)
    walked = resized(input.axes[at], indices.axes[at].dim)
    axes = (*input.axes[:at], walked, *input.axes[at + 1 :])
    return replace(input, axes=broadcast(assume, axes, indices.axes), ref=None)


@op("torch.masked_fill", "torch.Tensor.masked_fill", rank_change=0, nature=Nature.POINTWISE)
def masked_fill(input: Tensor, mask: Tensor, value: Operand, assume: Assumptions) -> Tensor:
    """`value` where the mask, which broadcasts with the tensor, is true."""
    if mask.dtype is Dtype.FLOAT:
        raise Undetermined("a mask whose dtype is not known")
    return replace(input, axes=broadcast(assume, input.axes, mask.axes), ref=None)


@op(
    "torch.masked_select",
    "torch.Tensor.masked_select",
    "torch.nonzero",
    "torch.Tensor.nonzero",
    nature=Nature.SELECTION,
)
@op("torch.unique", "torch.Tensor.unique", "torch.bincount", "torch.Tensor.bincount", nature=Nature.SELECTION)
def counted_in_contents(input: Tensor, *args: Value, **kwargs: Value) -> Tensor:
    """How many entries there are is in the contents."""
    raise Undetermined("how many entries there are is in the contents")


@op("torch.Tensor.scatter_", "torch.scatter", "torch.Tensor.scatter", rank_change=0, moves=others, nature=Nature.WRITE)
@op(
    "torch.Tensor.scatter_add_",
    "torch.scatter_add",
    "torch.Tensor.scatter_add",
    rank_change=0,
    moves=others,
    nature=Nature.WRITE,
)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Value = NONE, *, value: Value = NONE, assume: Assumptions
) -> Tensor:
    """Write into the places that `index` lists; the shape stays."""
    if not input.axes or not index.axes:
        raise Undetermined("scatter with a scalar")
    _check_index_fits(input.axes, index.axes, {position(dim, input.rank)}, assume)
    if isinstance(src, Tensor):
        _check_index_fits(src.axes, index.axes, (), assume)
    return replace(input, ref=None)


@op("torch.roll", "torch.Tensor.roll", rank_change=0, moves=axes_named("dims"), nature=Nature.ORDER)
def roll(input: Tensor, shifts: Value, dims: Value = NONE) -> Tensor:
    """Move entries around; the shape stays."""
    named = dims if isinstance(dims, Tuple | List) else Tuple((dims,))
    for dim in named.items:
        if isinstance(dim, Int) and dim.dim.constant is not None:
            position(dim.dim.constant, input.rank)
    return replace(input, ref=None)


@op("torch.tril", "torch.Tensor.tril", "torch.triu", "torch.Tensor.triu", rank_change=0, nature=Nature.POINTWISE)
def tril(input: Tensor, diagonal: Value = NONE) -> Tensor:
    """Zeros above, or below, a diagonal of the last two axes; the shape stays."""
    if input.rank < 2:
        raise RankError("a triangle of a tensor with fewer than 2 dimensions")
    return replace(input, ref=None)


@op("torch.diagonal", "torch.Tensor.diagonal", rank_change=-1, moves=every_axis, nature=Nature.SELECTION)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1, *, assume: Assumptions) -> Tensor:
    """The diagonal of two axes, as a last axis."""
    first, second = position(dim1, input.rank), position(dim2, input.rank)
    if first == second or not input.axes:
        raise ShapeError("diagonal needs two different dimensions")
    if offset:
        raise Undetermined("a diagonal beside the main one")
    sizes = [assume.resolve(input.axes[at].dim) for at in (first, second)]
    kept = tuple(axis for at, axis in enumerate(input.axes) if at not in (first, second))
    return replace(input, axes=(*kept, Axis(sizes[0].minimum(sizes[1]))), ref=None)


@op("torch.diag", "torch.Tensor.diag", mixes=every_axis, nature=Nature.SELECTION)
def diag(input: Tensor, diagonal: int = 0, *, assume: Assumptions) -> Tensor:
    """The main diagonal of a matrix, or the matrix with this diagonal."""
    if input.rank not in (1, 2):
        raise RankError("diag takes 1 or 2 axes")
    if diagonal:
        raise Undetermined("a diagonal beside the main one")
    rows, columns = (assume.resolve(input.sizes[at]) for at in (0, -1))
    axes = (Axis(rows), Axis(rows)) if input.rank == 1 else (Axis(rows.minimum(columns)),)
    return replace(input, axes=axes, ref=None)


@op("torch.multinomial", "torch.Tensor.multinomial", mixes=axes_from(-1), nature=Nature.RANDOM)
def multinomial(
    input: Tensor, num_samples: Dim, replacement: Value = FALSE, *, generator: Value = NONE, assume: Assumptions
) -> Tensor:
    """Places that are drawn from the weights on the last axis: (C,) -> (n,), (B, C) -> (B, n)."""
    if input.rank not in (1, 2):
        raise RankError("multinomial takes 1 or 2 axes")
    if replacement == FALSE and assume.resolve(num_samples - input.sizes[-1]).is_positive():
        raise ShapeError("multinomial: $got of $expected", expected=input.sizes[-1], got=num_samples)
    return Tensor((*input.axes[:-1], Axis(num_samples)), Dtype.INT)


@op("torch.searchsorted", nature=Nature.ORDER)
def searchsorted(sorted_sequence: Tensor, input: Tensor, *, assume: Assumptions, **options: Value) -> Tensor:
    """The place of each number in a sorted vector, or in the row of its own."""
    if sorted_sequence.rank > 1:
        same = sorted_sequence.rank == input.rank
        pairs = zip(sorted_sequence.sizes[:-1], input.sizes[:-1], strict=False)
        if not same or not all(assume.agree(one, other) for one, other in pairs):
            raise ShapeError("searchsorted: the axes before the last one differ")
    return Tensor(input.axes, Dtype.INT)
