"""What a tensor says about itself: shape, size(), dim(), numel(), len()."""

from __future__ import annotations

from shapelint.ops.axes import position, sizes_as_values
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import AxisError, RankError
from shapelint.ops.registry import Undetermined, op
from shapelint.shapes.equations import product_of
from shapelint.shapes.value import Bool, Dtype, Int, Tensor, Tuple, Value, integer

APART_FROM_SHAPES = "an attribute that shapes do not depend on"  #: why `x.device` is not known


@op("torch.Tensor.shape", attribute=True, nature=Nature.SHAPE)
def shape(input: Tensor) -> Tuple:
    """All sizes."""
    return sizes_as_values(input.axes)


@op("torch.Tensor.size", nature=Nature.SHAPE)
def size(input: Tensor, dim: int | None = None) -> Int | Tuple:
    """All sizes, or one."""
    if dim is None:
        return sizes_as_values(input.axes)
    if not input.axes:
        raise AxisError("a scalar has no sizes")
    return Int(input.axes[position(dim, input.rank)].dim)


@op("torch.Tensor.ndim", attribute=True, nature=Nature.RANK)
def ndim(input: Tensor) -> Int:
    """The number of axes."""
    return integer(input.rank)


@op("torch.Tensor.dim", "torch.Tensor.ndimension", nature=Nature.RANK)
def dim(input: Tensor) -> Int:
    """The number of axes."""
    return integer(input.rank)


@op("torch.numel", "torch.Tensor.numel", "torch.Tensor.nelement", nature=Nature.SHAPE)
def numel(input: Tensor) -> Int:
    """The number of elements."""
    return Int(product_of(input.sizes))


@op("torch.Tensor.__len__", nature=Nature.SHAPE)
def length(input: Tensor) -> Int:
    """The size of the first axis."""
    if not input.axes:
        raise RankError("len() of a scalar")
    return Int(input.axes[0].dim)


@op("torch.is_floating_point", "torch.Tensor.is_floating_point", nature=Nature.INQUIRY)
def is_floating_point(input: Tensor) -> Bool:
    """Whether the numbers are floats."""
    return Bool(input.dtype is Dtype.FLOAT)


@op("torch.Tensor.device", "torch.Tensor.dtype", "torch.Tensor.is_cuda", attribute=True, nature=Nature.INQUIRY)
@op("torch.Tensor.requires_grad", "torch.Tensor.grad_fn", "torch.Tensor.layout", attribute=True, nature=Nature.INQUIRY)
def not_modelled(input: Tensor) -> Value:
    """Nothing that shapes depend on."""
    raise Undetermined(APART_FROM_SHAPES)


@op("torch.Tensor.get_device", "torch.Tensor.is_contiguous", "torch.Tensor.stride", nature=Nature.INQUIRY)
def memory(input: Tensor, *args: Value, **options: Value) -> Value:
    """Where and how the numbers lie in memory."""
    raise Undetermined("memory is not modelled")
