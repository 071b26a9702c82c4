"""Joining tensors (cat, stack ...) and cutting one into several (chunk, split, unbind)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapelint.ops.axes import ONE, Axes, axis_at, matched, position, promoted, resized, with_axis
from shapelint.ops.binding import sizes_of
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError, SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, op
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import loop_length
from shapelint.shapes.value import NONE, Int, List, Str, Tensor, Tuple, Unknown, Value

ZERO = Dim.of(0)


def _tensors(value: Value) -> tuple[Tensor, ...]:
    """The tensors of a sequence; of one that a loop filled, the sample."""
    if not isinstance(value, Tuple | List):
        raise Undetermined("a sequence of tensors is needed")
    for item in value.items:
        if not isinstance(item, Tensor):
            wants = item if isinstance(item, Unknown) else None
            raise Undetermined("a sequence that does not hold tensors only", wants)
    if not value.items:
        raise ShapeError("joining needs at least one tensor")
    return tuple(item for item in value.items if isinstance(item, Tensor))


@op("torch.cat", "torch.concat", "torch.concatenate", nature=Nature.JOIN)
def cat(tensors: Value, dim: int = 0, *, assume: Assumptions) -> Tensor:
    """Lay tensors behind each other along an axis; the other sizes must agree."""
    members = _tensors(tensors)
    filled = [member for member in members if member.sizes != (ZERO,)] or [members[0]]
    axes = _joined(filled, dim, loop_length(tensors), assume)
    return Tensor(axes, promoted(*members))


def _joined(members: Sequence[Tensor], dim: int, length: Dim | None, assume: Assumptions) -> Axes:
    rank = members[0].rank
    if any(member.rank != rank for member in members) or rank == 0:
        raise RankError("cat needs tensors with the same number of dimensions, at least 1")
    at = position(dim, rank)
    columns = list(zip(*(member.axes for member in members), strict=True))
    others = {i: matched(column, assume, "cat") for i, column in enumerate(columns) if i != at}
    along = _laid_along(columns[at], length)
    return tuple(along if i == at else others[i] for i in range(rank))


def _laid_along(axes: Sequence[Axis], length: Dim | None) -> Axis:
    total = sum((axis.dim for axis in axes), ZERO)
    if length is not None:
        if len({axis.dim for axis in axes}) > 1:
            raise Undetermined("cat of tensors whose sizes change in a loop")
        total = axes[0].dim * length
    if len({axis.role for axis in axes}) > 1:
        return Axis(total)
    return resized(axes[0], total)


@op("torch.stack", nature=Nature.JOIN)
def stack(tensors: Value, dim: int = 0, *, assume: Assumptions) -> Tensor:
    """Lay tensors of one shape behind each other along a new axis."""
    members = _tensors(tensors)
    if len({member.rank for member in members}) > 1:
        raise RankError("stack needs tensors of one shape")
    columns = zip(*(member.axes for member in members), strict=True)
    common = tuple(matched(column, assume, "stack") for column in columns)
    at = position(dim, len(common) + 1)
    count = loop_length(tensors) or Dim.of(len(members))
    return Tensor((*common[:at], Axis(count), *common[at:]), promoted(*members))


@op("torch.hstack", nature=Nature.JOIN)
def hstack(tensors: Value, *, assume: Assumptions) -> Tensor:
    """Cat along axis 1 (0 for vectors; scalars are vectors)."""
    return _stack_along(tensors, 1, 1, assume)


@op("torch.vstack", "torch.row_stack", nature=Nature.JOIN)
def vstack(tensors: Value, *, assume: Assumptions) -> Tensor:
    """Cat along axis 0; vectors are rows."""
    return _stack_along(tensors, 2, 0, assume)


def _stack_along(tensors: Value, rank: int, dim: int, assume: Assumptions) -> Tensor:
    """Cat after size-1 axes were put in front up to `rank`."""
    members = _tensors(tensors)
    raised = [replace(member, axes=(*[Axis(ONE)] * (rank - member.rank), *member.axes)) for member in members]
    dim = min(dim, max(member.rank for member in raised) - 1)
    return Tensor(_joined(raised, dim, loop_length(tensors), assume), promoted(*members))


def _pieces(input: Tensor, dim: int, sizes: Sequence[Dim]) -> Tuple:
    axis = axis_at(input, dim)
    cuts = (with_axis(input, dim, resized(axis, size)) for size in sizes)
    return Tuple(tuple(replace(input, axes=axes, ref=None) for axes in cuts))


def _own_axis(input: Tensor, dim: int, what: str) -> Axis:
    if not input.axes:
        raise RankError(f"{what} of a scalar")
    return axis_at(input, dim)


@op("torch.chunk", "torch.Tensor.chunk", nature=Nature.PIECES)
def chunk(input: Tensor, chunks: int, dim: int = 0, *, assume: Assumptions) -> Tuple:
    """At most `chunks` pieces of equal size, the last one smaller; a symbolic size is assumed to divide."""
    size = assume.resolve(_own_axis(input, dim, "chunk").dim)
    if chunks < 1:
        raise ShapeError("chunk needs at least one piece")
    if size.constant is not None:
        return _pieces(input, dim, _equal_cuts(size.constant, -(-size.constant // chunks)))
    piece = size // Dim.of(chunks)
    if not assume.agree(size, piece * Dim.of(chunks)):
        raise Undetermined("an axis that certainly does not cut into equal pieces")
    return _pieces(input, dim, [piece] * chunks)


def _equal_cuts(size: int, piece: int) -> list[Dim]:
    if size == 0 or piece < 1:
        raise Undetermined("pieces of an empty axis")
    return [Dim.of(min(piece, size - start)) for start in range(0, size, piece)]


@op("torch.split", "torch.Tensor.split", nature=Nature.PIECES)
def split(tensor: Tensor, split_size: Value, dim: int = 0, *, assume: Assumptions) -> Tuple | List:
    """Pieces of one size (the last may be smaller), or of the sizes listed, which must add up."""
    axis = _own_axis(tensor, dim, "split")
    if not isinstance(split_size, Int):
        return _listed_pieces(tensor, dim, sizes_of(split_size), assume)
    size, piece = assume.resolve(axis.dim), assume.resolve(split_size.dim)
    if size.constant is not None and piece.constant is not None:
        return _pieces(tensor, dim, _equal_cuts(size.constant, piece.constant))
    count = size.divide(piece)
    if count is None:
        raise Undetermined("a split into a number of pieces that is not known")
    if count.constant is not None:
        return _pieces(tensor, dim, [piece] * count.constant)
    return List(list(_pieces(tensor, dim, [piece]).items), count)


def _listed_pieces(tensor: Tensor, dim: int, sizes: Sequence[Dim], assume: Assumptions) -> Tuple:
    total = sum(sizes, ZERO)
    size = axis_at(tensor, dim).dim
    if not assume.agree(size, total):
        raise SizeError("split sizes add up to $got, the axis has $expected", expected=size, got=total)
    return _pieces(tensor, dim, sizes)


@op("torch.unbind", "torch.Tensor.unbind", nature=Nature.PIECES)
def unbind(input: Tensor, dim: int = 0, *, assume: Assumptions) -> Tuple | List:
    """A tensor for each entry of an axis; of a symbolic axis, a sample and the number."""
    size = assume.resolve(_own_axis(input, dim, "unbind").dim)
    at = position(dim, input.rank)
    entry = replace(input, axes=(*input.axes[:at], *input.axes[at + 1 :]), ref=None)
    return List([entry], size) if size.constant is None else Tuple((entry,) * size.constant)


@op("torch.meshgrid", nature=Nature.EXPANSION)
def meshgrid(*tensors: Value, indexing: Value = NONE) -> Tuple:
    """Vectors, each laid along an axis of its own of a grid that has them all; `xy` exchanges the first two axes."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], Tuple | List) else Tuple(tensors)
    if loop_length(given) is not None:
        raise Undetermined("a grid of vectors that a loop collects")
    members = _tensors(given)
    if any(member.rank > 1 for member in members):
        raise RankError("meshgrid takes vectors")
    if not isinstance(indexing, Str) and indexing != NONE:
        raise Undetermined("an order of axes that is not known")
    axes = [member.axes[0] if member.axes else Axis(ONE) for member in members]
    if indexing == Str("xy"):
        axes[:2] = axes[1::-1]
    return Tuple(tuple(Tensor(tuple(axes), member.dtype) for member in members))
