"""Products of matrices: matmul and `@`, mm, bmm, addmm, baddbmm, outer, einsum."""

from __future__ import annotations

from shapelint.ops.axes import Axes, broadcast, promoted
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError, SizeError
from shapelint.ops.registry import Assumptions, op
from shapelint.ops.tensors.moving.index import check_assignable
from shapelint.shapes.axis import Axis
from shapelint.shapes.value import NONE, Tensor, Value


def _contracted(left: Axis, right: Axis, assume: Assumptions) -> None:
    """The two axes that a product sums over must have one size."""
    if not assume.sum_over(left.dim, right.dim):
        message = "the product sums over sizes $expected and $got"
        raise SizeError(message, expected=left.dim, got=right.dim)


def _rank(input: Tensor, rank: int, what: str) -> None:
    if input.rank != rank:
        raise RankError(f"{what} expects {rank} dimensions and gets {input.rank}", rank=input.rank)


def _product(left: Axes, right: Axes, assume: Assumptions) -> Axes:
    """(*, n, m) @ (*, m, p) -> (*, n, p); a vector on either side is a row or column that goes."""
    if not left or not right:
        raise RankError("matmul of a scalar")
    _contracted(left[-1], right[-2] if len(right) > 1 else right[0], assume)
    batch = broadcast(assume, left[:-2], right[:-2])
    rows = left[-2:-1] if len(left) > 1 else ()
    columns = right[-1:] if len(right) > 1 else ()
    return (*batch, *rows, *columns)


@op("torch.matmul", "torch.Tensor.matmul", "torch.Tensor.__matmul__", nature=Nature.PRODUCT)
def matmul(input: Tensor, other: Tensor, assume: Assumptions) -> Tensor:
    """Product of the last two axes; the axes before broadcast."""
    return Tensor(_product(input.axes, other.axes, assume), promoted(input, other))


@op("torch.mm", "torch.Tensor.mm", rank_change=0, input_rank=2, nature=Nature.PRODUCT)
def mm(input: Tensor, mat2: Tensor, assume: Assumptions) -> Tensor:
    """(n, m) x (m, p) -> (n, p)."""
    _rank(input, 2, "mm")
    _rank(mat2, 2, "mm")
    return matmul(input, mat2, assume)


@op("torch.bmm", "torch.Tensor.bmm", rank_change=0, input_rank=3, nature=Nature.PRODUCT)
def bmm(input: Tensor, mat2: Tensor, assume: Assumptions) -> Tensor:
    """(b, n, m) x (b, m, p) -> (b, n, p); nothing broadcasts."""
    _rank(input, 3, "bmm")
    _rank(mat2, 3, "bmm")
    _contracted(input.axes[2], mat2.axes[1], assume)
    if not assume.agree(input.axes[0].dim, mat2.axes[0].dim):
        raise SizeError("bmm of batches of $expected and $got", expected=input.axes[0].dim, got=mat2.axes[0].dim)
    return matmul(input, mat2, assume)


@op("torch.mv", "torch.Tensor.mv", rank_change=-1, nature=Nature.PRODUCT)
def mv(input: Tensor, vec: Tensor, assume: Assumptions) -> Tensor:
    """(n, m) x (m) -> (n)."""
    _rank(input, 2, "mv")
    _rank(vec, 1, "mv")
    return matmul(input, vec, assume)


@op("torch.Tensor.dot", nature=Nature.PRODUCT)  # arrays have a method of this name for any rank: it tells of none
@op("torch.dot", rank_change=-1, input_rank=1, nature=Nature.PRODUCT)
def dot(input: Tensor, tensor: Tensor, assume: Assumptions) -> Tensor:
    """(n) x (n) -> ()."""
    _rank(input, 1, "dot")
    _rank(tensor, 1, "dot")
    return matmul(input, tensor, assume)


@op(
    "torch.outer",
    "torch.Tensor.outer",
    "torch.ger",
    "torch.Tensor.ger",
    rank_change=1,
    input_rank=1,
    nature=Nature.PRODUCT,
)
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """(n) x (m) -> (n, m)."""
    _rank(input, 1, "outer")
    _rank(vec2, 1, "outer")
    return Tensor((*input.axes, *vec2.axes), promoted(input, vec2))


def _added(input: Tensor, product: Tensor, assume: Assumptions) -> Tensor:
    """A product with a tensor added, which must broadcast to the product's shape."""
    check_assignable(input.axes, product.axes, assume)
    return Tensor(broadcast(assume, product.axes, input.axes), promoted(input, product))


@op("torch.addmm", "torch.Tensor.addmm", nature=Nature.PRODUCT)
def addmm(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: Value = NONE,
    alpha: Value = NONE,
    assume: Assumptions,
) -> Tensor:
    """`beta * input + alpha * mat1 @ mat2`."""
    return _added(input, mm(mat1, mat2, assume), assume)


@op("torch.baddbmm", "torch.Tensor.baddbmm", nature=Nature.PRODUCT)
def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Value = NONE,
    alpha: Value = NONE,
    assume: Assumptions,
) -> Tensor:
    """`beta * input + alpha * batch1 @ batch2`."""
    return _added(input, bmm(batch1, batch2, assume), assume)
