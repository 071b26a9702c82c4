"""What many operations share: positions of axes, broadcasting, merged axes, kinds of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from shapelint.ops.refusals import AxisError, BroadcastError, SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Sizes, Undetermined
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.equations import product_of
from shapelint.shapes.value import Bool, Dtype, External, Float, Int, Tensor, Tuple, Value

Axes = tuple[Axis, ...]
Operand = Tensor | Int | Float | Bool  #: what arithmetic takes: a tensor or a Python number

ONE = Dim.of(1)


def position(dim: int, rank: int) -> int:
    """The axis that `dim` names, from 0; raises ShapeError outside [-rank, rank). A scalar counts as 1-D."""
    bound = max(rank, 1)
    if not -bound <= dim < bound:
        raise AxisError(f"dimension {dim} of a tensor with {rank} dimensions", dim=dim, rank=rank)
    return dim % bound


def positions(dims: Iterable[int], rank: int) -> tuple[int, ...]:
    """The axes that `dims` name; raises ShapeError for one named twice."""
    found = tuple(position(dim, rank) for dim in dims)
    if len(set(found)) < len(found):
        raise ShapeError("a dimension is named twice")
    return found


def known(sizes: Sizes) -> tuple[int, ...]:
    """The numbers in a list of dimensions; raises Undetermined for a symbolic one."""
    constants = [size.constant for size in sizes]
    if None in constants:
        raise Undetermined("a dimension that is not known")
    return tuple(constant for constant in constants if constant is not None)


def given(sizes: Iterable[Any]) -> Sizes:
    """The sizes that a function declared as `*size: Sizes` receives: one `Dim` each."""
    return Sizes(sizes)


def axis_at(input: Tensor, dim: int) -> Axis:
    """The axis that `dim` names; a scalar has one of size 1."""
    return (*input.axes, Axis(ONE))[position(dim, input.rank)]


def with_axis(input: Tensor, dim: int, axis: Axis) -> Axes:
    """The axes of a tensor, the one that `dim` names replaced; a scalar stays one."""
    at = position(dim, input.rank)
    return tuple(axis if place == at else kept for place, kept in enumerate(input.axes))


def resized(axis: Axis, dim: Dim) -> Axis:
    """The axis with another size: same meaning, but no longer the product of its parts."""
    return axis if axis.dim == dim else replace(axis, dim=dim, parts=())


def sizes_as_values(axes: Iterable[Axis]) -> Tuple:
    """A shape as a Python value."""
    return Tuple(tuple(Int(axis.dim) for axis in axes), is_size=True)


def merged(axes: Sequence[Axis]) -> Axis:
    """One axis for several, slowest first; axes of size 1 leave no trace."""
    filled = [axis for axis in axes if axis.dim != ONE]
    if len(filled) == 1:
        return filled[0]
    parts = tuple(part for axis in filled for part in (axis.parts or (axis,)))
    return Axis(product_of(axis.dim for axis in filled), parts=parts)


def may_be_one(dim: Dim, assume: Assumptions) -> bool:
    """Whether the size is 1 for some values of its symbols."""
    return assume.same(dim, ONE) is not Same.DIFFERENT


def broadcast(assume: Assumptions, *operands: Axes) -> Axes:
    """The axes of the operands laid over each other, aligned at the last; raises ShapeError."""
    columns = zip_longest(*(reversed(axes) for axes in operands))
    return tuple(_overlaid([axis for axis in column if axis], assume) for column in columns)[::-1]


def _overlaid(column: Sequence[Axis], assume: Assumptions) -> Axis:
    filled = [axis for axis in column if assume.resolve(axis.dim) != ONE]
    if not filled:
        return _best_known(column)
    chosen = filled[0]
    for axis in filled[1:]:
        chosen = _overlay(chosen, axis, assume)
    return chosen


def _overlay(left: Axis, right: Axis, assume: Assumptions) -> Axis:
    if assume.overlay(left.dim, right.dim):
        return _best_known((left, right))
    if may_be_one(left.dim, assume):
        return right
    if may_be_one(right.dim, assume):
        return left
    raise BroadcastError("sizes $expected and $got do not broadcast", expected=left.dim, got=right.dim)


def matched(axes: Sequence[Axis], assume: Assumptions, what: str) -> Axis:
    """One axis for several that must have the same size; raises ShapeError."""
    for axis in axes[1:]:
        if not assume.agree(axes[0].dim, axis.dim):
            message = f"{what}: $expected and $got differ"
            raise SizeError(message, expected=axes[0].dim, got=axis.dim)
    return _best_known(axes)


def _best_known(axes: Sequence[Axis]) -> Axis:
    """The axis whose role is known; the first, without a role or parts, where these contradict each other."""
    roles = {axis.role for axis in axes} - {Role.UNKNOWN}
    best = next((axis for axis in axes if axis.role in roles), axes[0])
    if len({tuple(part.dim for part in axis.parts) for axis in axes if axis.parts}) > 1:
        best = replace(best, parts=())
    sources = tuple(dict.fromkeys(source for axis in axes for source in axis.sources))
    if len(roles) > 1:
        return replace(axes[0], role=Role.UNKNOWN, origin=None, sources=sources)
    return replace(best, sources=sources) if sources else best


def axes_of(operand: Operand) -> Axes:
    """The axes of a tensor; a Python number has none."""
    return operand.axes if isinstance(operand, Tensor) else ()


def promoted(*operands: Operand) -> Dtype:
    """The kind of number that arithmetic on the operands gives."""
    kinds = [_kind(operand) for operand in operands]
    return max(kinds, key=_PROMOTION.index)


def _kind(operand: Operand) -> Dtype:
    if isinstance(operand, Tensor):
        return operand.dtype
    if isinstance(operand, Bool):
        return Dtype.BOOL
    return Dtype.INT if isinstance(operand, Int) else Dtype.FLOAT


def dtype_named(value: Value, default: Dtype) -> Dtype:
    """The kind of number that a `dtype=` argument asks for; `default` where it is absent or not known."""
    return _DTYPES.get(value.path, default) if isinstance(value, External) else default


def is_dtype(value: Value) -> bool:
    """Whether a value is one of torch's dtypes, or the Python type that stands for one."""
    return isinstance(value, External) and value.path in _DTYPES


_PROMOTION = (Dtype.BOOL, Dtype.INT, Dtype.FLOAT)

_DTYPES = {
    **{f"torch.{name}": Dtype.FLOAT for name in ("float", "double", "half", "bfloat16")},
    **{f"torch.float{bits}": Dtype.FLOAT for bits in (16, 32, 64)},
    **{f"torch.{name}": Dtype.INT for name in ("long", "int", "short", "uint8", "int8", "int16")},
    **{f"torch.int{bits}": Dtype.INT for bits in (32, 64)},
    **{f"torch.{name}Tensor": Dtype.FLOAT for name in ("Float", "Double", "Half")},
    **{f"torch.{name}Tensor": Dtype.INT for name in ("Long", "Int", "Short", "Byte")},
    **{f"torch.cuda.{name}Tensor": Dtype.FLOAT for name in ("Float", "Double", "Half")},
    **{f"torch.cuda.{name}Tensor": Dtype.INT for name in ("Long", "Int", "Short", "Byte")},
    "torch.bool": Dtype.BOOL,
    "torch.BoolTensor": Dtype.BOOL,
    "float": Dtype.FLOAT,
    "builtins.float": Dtype.FLOAT,
    "int": Dtype.INT,
    "builtins.int": Dtype.INT,
    "bool": Dtype.BOOL,
    "builtins.bool": Dtype.BOOL,
}
