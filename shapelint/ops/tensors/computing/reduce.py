"""Reductions (sum, max, any ...), and what keeps the shape along an axis (softmax, cumsum, sort ...)."""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import (
    ONE,
    Axes,
    axis_at,
    broadcast,
    dtype_named,
    given,
    known,
    position,
    positions,
    promoted,
    resized,
    with_axis,
)
from shapelint.ops.axis_flow import axes_named
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError, Sizes, Undetermined, op
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, Dtype, Int, Tensor, Tuple, Unknown, Value

VALUES_AND_INDICES = ("values", "indices")


def _reduced(axes: Axes, dims: Sizes | None, keepdim: bool) -> Axes:
    """The axes without those that `dims` names (all, where it names none), or with size 1 there."""
    gone = positions(known(dims or Sizes()), len(axes)) or range(len(axes))
    if keepdim:
        return tuple(resized(axis, ONE) if at in gone else axis for at, axis in enumerate(axes))
    return tuple(axis for at, axis in enumerate(axes) if at not in gone)


def _whole(dtype: Dtype) -> Dtype:
    return Dtype.INT if dtype is Dtype.BOOL else dtype


def _demand_float(input: Tensor, dtype: Dtype) -> None:
    if dtype is not Dtype.FLOAT:
        raise Undetermined(f"a mean of {input.dtype.value} numbers: the dtype may be wrong")


@op("torch.sum", "torch.Tensor.sum", "torch.nansum", "torch.Tensor.nansum", nature=Nature.TOTAL)
def sum_(input: Tensor, dim: Sizes | None = None, keepdim: bool = False, *, dtype: Value = NONE) -> Tensor:
    """Add up over the axes named."""
    return Tensor(_reduced(input.axes, dim, keepdim), dtype_named(dtype, _whole(input.dtype)))


@op("torch.mean", "torch.Tensor.mean", "torch.nanmean", "torch.Tensor.nanmean", nature=Nature.MEAN)
def mean(input: Tensor, dim: Sizes | None = None, keepdim: bool = False, *, dtype: Value = NONE) -> Tensor:
    """Average over the axes named."""
    _demand_float(input, dtype_named(dtype, input.dtype))
    return Tensor(_reduced(input.axes, dim, keepdim))


@op("torch.std", "torch.Tensor.std", "torch.var", "torch.Tensor.var", nature=Nature.REDUCTION)
def std(
    input: Tensor,
    dim: Sizes | None = None,
    unbiased: Value = NONE,
    keepdim: bool = False,
    *,
    correction: Value = NONE,
) -> Tensor:
    """Spread over the axes named."""
    _demand_float(input, input.dtype)
    return Tensor(_reduced(input.axes, dim, keepdim))


@op("torch.amax", "torch.Tensor.amax", "torch.amin", "torch.Tensor.amin", nature=Nature.EXTREME)
def amax(input: Tensor, dim: Sizes | None = None, keepdim: bool = False) -> Tensor:
    """Largest over the axes named."""
    return Tensor(_reduced(input.axes, dim, keepdim), input.dtype)


@op("torch.logsumexp", "torch.Tensor.logsumexp", nature=Nature.REDUCTION)
def logsumexp(input: Tensor, dim: Sizes, keepdim: bool = False) -> Tensor:
    """log(sum(exp)) over the axes named."""
    return Tensor(_reduced(input.axes, dim, keepdim))


@op("torch.norm", "torch.Tensor.norm", nature=Nature.REDUCTION)
def norm(
    input: Tensor, p: Value = NONE, dim: Sizes | None = None, keepdim: bool = False, dtype: Value = NONE
) -> Tensor:
    """Norm over the axes named."""
    _demand_float(input, dtype_named(dtype, input.dtype))
    return Tensor(_reduced(input.axes, dim, keepdim))


@op("torch.linalg.norm", "torch.linalg.vector_norm", nature=Nature.REDUCTION)
def linalg_norm(
    x: Tensor, ord: Value = NONE, dim: Sizes | None = None, keepdim: bool = False, *, dtype: Value = NONE
) -> Tensor:
    """Norm over the axes named; the norm of a matrix, where two are named or there are two, is one number as well."""
    _demand_float(x, dtype_named(dtype, x.dtype))
    if ord != NONE and dim is None and x.rank > 2:
        raise Undetermined("a norm of some order over more than two axes")
    return Tensor(_reduced(x.axes, dim, keepdim))


@op("torch.all", "torch.Tensor.all", "torch.any", "torch.Tensor.any", nature=Nature.REDUCTION)
def all_(input: Tensor, dim: Sizes | None = None, keepdim: bool = False) -> Tensor:
    """Whether all, or any, entries are true."""
    return Tensor(_reduced(input.axes, dim, keepdim), Dtype.BOOL)


@op("torch.prod", "torch.Tensor.prod", nature=Nature.REDUCTION)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Value = NONE) -> Tensor:
    """Multiply over one axis, or over all."""
    return Tensor(_along(input.axes, dim, keepdim), dtype_named(dtype, _whole(input.dtype)))


@op("torch.argmax", "torch.Tensor.argmax", "torch.argmin", "torch.Tensor.argmin", nature=Nature.EXTREME)
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place of the largest entry of an axis, or of all entries."""
    return Tensor(_along(input.axes, dim, keepdim), Dtype.INT)


def _along(axes: Axes, dim: int | None, keepdim: bool) -> Axes:
    return _reduced(axes, None if dim is None else Sizes([Dim.of(dim)]), keepdim)


@op("torch.max", "torch.Tensor.max", "torch.min", "torch.Tensor.min", nature=Nature.EXTREME)
def max_(input: Tensor, dim: Value = NONE, keepdim: bool = False, *, assume: Assumptions) -> Tensor | Tuple:
    """Largest of all; (values, indices) along an axis; or element by element of two tensors."""
    if isinstance(dim, Tensor):
        return maximum(input, dim, assume)
    if isinstance(dim, Unknown):
        raise Undetermined("an axis or a tensor that is not known")
    if dim == NONE:
        return Tensor((), input.dtype)
    return _values_and_indices(input, _place(dim), keepdim)


def _place(dim: Value) -> int:
    constant = dim.dim.constant if isinstance(dim, Int) else None
    if constant is None:
        raise Undetermined("a dimension that is not known")
    return constant


def _values_and_indices(input: Tensor, dim: int, keepdim: bool) -> Tuple:
    axes = _along(input.axes, dim, keepdim)
    return Tuple((Tensor(axes, input.dtype), Tensor(axes, Dtype.INT)), names=VALUES_AND_INDICES)


@op("torch.median", "torch.Tensor.median", nature=Nature.REDUCTION)
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | Tuple:
    """The middle of all, or (values, indices) along an axis."""
    return Tensor((), input.dtype) if dim is None else _values_and_indices(input, dim, keepdim)


@op("torch.maximum", "torch.Tensor.maximum", "torch.minimum", "torch.Tensor.minimum", nature=Nature.EXTREME)
def maximum(input: Tensor, other: Tensor, assume: Assumptions) -> Tensor:
    """The larger one, element by element."""
    return Tensor(broadcast(assume, input.axes, other.axes), promoted(input, other))


@op(
    "torch.softmax",
    "torch.Tensor.softmax",
    "torch.log_softmax",
    "torch.Tensor.log_softmax",
    rank_change=0,
    mixes=axes_named("dim"),
    nature=Nature.SOFTMAX,
)
def softmax(input: Tensor, dim: int, dtype: Value = NONE) -> Tensor:
    """Normalise along an axis; the shape stays."""
    position(dim, input.rank)
    _demand_float(input, dtype_named(dtype, input.dtype))
    return Tensor(input.axes)


@op(
    "torch.nn.functional.softmax",
    "torch.nn.functional.log_softmax",
    rank_change=0,
    mixes=axes_named("dim"),
    nature=Nature.SOFTMAX,
)
def functional_softmax(input: Tensor, dim: int | None = None, _stacklevel: Value = NONE, dtype: Value = NONE) -> Tensor:
    """Normalise along an axis; without `dim`, torch takes one (and warns)."""
    return softmax(input, 0 if dim is None else dim, dtype)


@op(
    "torch.cumsum",
    "torch.Tensor.cumsum",
    "torch.cumprod",
    "torch.Tensor.cumprod",
    rank_change=0,
    causal=axes_named("dim"),
    nature=Nature.CUMULATION,
)
def cumsum(input: Tensor, dim: int, *, dtype: Value = NONE) -> Tensor:
    """Add up along an axis; the shape stays."""
    position(dim, input.rank)
    return Tensor(input.axes, dtype_named(dtype, _whole(input.dtype)))


@op("torch.sort", "torch.Tensor.sort", rank_change=0, mixes=axes_named("dim"), nature=Nature.ORDER)
def sort(input: Tensor, dim: int = -1, descending: Value = NONE, *, stable: Value = NONE) -> Tuple:
    """(values, indices) in order along an axis."""
    position(dim, input.rank)
    return Tuple((replace(input, ref=None), Tensor(input.axes, Dtype.INT)), names=VALUES_AND_INDICES)


@op("torch.argsort", "torch.Tensor.argsort", rank_change=0, mixes=axes_named("dim"), nature=Nature.ORDER)
def argsort(input: Tensor, dim: int = -1, descending: Value = NONE, *, stable: Value = NONE) -> Tensor:
    """The places of the entries in order along an axis."""
    position(dim, input.rank)
    return Tensor(input.axes, Dtype.INT)


@op("torch.topk", "torch.Tensor.topk", rank_change=0, mixes=axes_named("dim"), nature=Nature.EXTREME)
def topk(
    input: Tensor,
    k: Dim,
    dim: int = -1,
    largest: Value = NONE,
    sorted: Value = NONE,
    *,
    assume: Assumptions,
) -> Tuple:
    """(values, indices) of the k largest entries of an axis."""
    axis = axis_at(input, dim)
    if assume.resolve(k - axis.dim).is_positive() or (-k).is_positive():
        raise ShapeError("topk: $got of an axis of size $expected", expected=axis.dim, got=k)
    axes = with_axis(input, dim, resized(axis, k))
    return Tuple((Tensor(axes, input.dtype), Tensor(axes, Dtype.INT)), names=VALUES_AND_INDICES)


def _flipped(input: Tensor, dims: Sizes) -> Tensor:
    positions(known(dims), input.rank)
    return replace(input, ref=None)


@op("torch.flip", rank_change=0, moves=axes_named("dims"), nature=Nature.ORDER)
def flip(input: Tensor, dims: Sizes) -> Tensor:
    """Reverse axes; the shape stays."""
    return _flipped(input, dims)


@op("torch.Tensor.flip", rank_change=0, moves=axes_named("dims"), nature=Nature.ORDER)
def flip_method(input: Tensor, *dims: Sizes) -> Tensor:
    """The method takes the axes one by one too."""
    return _flipped(input, given(dims))
