"""Other dtypes, devices and Python values: to, float, cuda, detach, item ..."""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import ONE, dtype_named, is_dtype
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, op
from shapelint.shapes.value import NONE, Dtype, Tensor, Value


@op("torch.Tensor.to", rank_change=0, nature=Nature.SAME)
def to(input: Tensor, *args: Value, dtype: Value = NONE, **options: Value) -> Tensor:
    """Another device or dtype (or those of another tensor), named in any order."""
    kind = dtype_named(dtype, input.dtype)
    for argument in args:
        if is_dtype(argument):
            kind = dtype_named(argument, kind)
        elif isinstance(argument, Tensor):
            kind = argument.dtype
    return Tensor(input.axes, kind)


@op(
    "torch.Tensor.float",
    "torch.Tensor.double",
    "torch.Tensor.half",
    "torch.Tensor.bfloat16",
    rank_change=0,
    nature=Nature.SAME,
)
def to_float(input: Tensor, memory_format: Value = NONE) -> Tensor:
    """The same as floats."""
    return Tensor(input.axes)


@op(
    "torch.Tensor.long",
    "torch.Tensor.int",
    "torch.Tensor.short",
    "torch.Tensor.byte",
    rank_change=0,
    nature=Nature.WHOLE,
)
def to_int(input: Tensor, memory_format: Value = NONE) -> Tensor:
    """The same as integers."""
    return Tensor(input.axes, Dtype.INT)


@op("torch.Tensor.bool", rank_change=0, nature=Nature.WHOLE)
def to_bool(input: Tensor, memory_format: Value = NONE) -> Tensor:
    """The same as truth values."""
    return Tensor(input.axes, Dtype.BOOL)


@op("torch.Tensor.type", rank_change=0, nature=Nature.SAME)
def to_type(input: Tensor, dtype: Value, non_blocking: Value = NONE) -> Tensor:
    """The same in another dtype."""
    return Tensor(input.axes, dtype_named(dtype, input.dtype))


@op("torch.Tensor.type_as", rank_change=0, nature=Nature.SAME)
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The same in the dtype of another tensor."""
    return Tensor(input.axes, other.dtype)


@op("torch.Tensor.cuda", "torch.Tensor.cpu", "torch.Tensor.pin_memory", rank_change=0, nature=Nature.SAME)
@op("torch.Tensor.requires_grad_", "torch.clone", "torch.Tensor.clone", rank_change=0, nature=Nature.SAME)
@op("torch.detach", "torch.Tensor.detach", "torch.Tensor.detach_", rank_change=0, nature=Nature.DETACH)
def unchanged(input: Tensor, *args: Value, **options: Value) -> Tensor:
    """The same numbers, elsewhere or with another gradient."""
    return replace(input, ref=None)


@op("torch.autograd.Variable", rank_change=0, nature=Nature.SAME)
def variable(data: Tensor, requires_grad: Value = NONE, *, volatile: Value = NONE) -> Tensor:
    """The same tensor, known to autograd; `volatile` has no effect any more."""
    return replace(data, ref=None)


@op("torch.nn.Parameter", "torch.nn.parameter.Parameter", rank_change=0, nature=Nature.SAME)
def parameter(data: Tensor, requires_grad: Value = NONE) -> Tensor:
    """The same tensor, known to the module."""
    return replace(data, ref=None)


@op("torch.nn.Buffer", "torch.nn.parameter.Buffer", rank_change=0, nature=Nature.SAME)
def buffer(data: Tensor, *, persistent: Value = NONE) -> Tensor:
    """The same tensor, kept by the module and not learnt."""
    return replace(data, ref=None)


@op("torch.Tensor.data", rank_change=0, attribute=True, nature=Nature.DETACH)
def data(input: Tensor) -> Tensor:
    """The tensor without its history."""
    return replace(input, ref=None)


@op("torch.Tensor.item", "torch.Tensor.__float__", "torch.Tensor.__int__", nature=Nature.INQUIRY)
def item(input: Tensor, assume: Assumptions) -> Value:
    """The only number in a tensor: who asks for it has one sample, of one step."""
    if not all(assume.agree(axis.dim, ONE) for axis in input.axes):
        raise ShapeError("item() of a tensor that holds more than one number")
    raise Undetermined("a number that is in the contents")


@op("torch.Tensor.numpy", "torch.Tensor.tolist", "torch.Tensor.__bool__", nature=Nature.INQUIRY)
def contents(input: Tensor) -> Value:
    """The numbers themselves."""
    raise Undetermined("numbers that are in the contents")


@op("torch.from_numpy", nature=Nature.DATA)
def from_numpy(ndarray: Value) -> Tensor:
    """An array, whose shape is not known."""
    raise Undetermined("an array")
