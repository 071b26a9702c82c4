"""Pooling over the last axes: max, average, adaptive; layers and functions.

Letters: B batch (absent for one sample), C channels, L the length of an axis that is pooled.
"""

from __future__ import annotations

from shapelint.ops.axes import ONE, resized
from shapelint.ops.axis_flow import axes_from
from shapelint.ops.layers.places.conv import INT_ONE, INT_ZERO
from shapelint.ops.layers.places.windows import moved_axes, paddings, slid, windows
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError, layer, op
from shapelint.ops.require import require_rank
from shapelint.shapes.axis import Axis
from shapelint.shapes.value import NONE, TRUE, Dtype, Int, Layer, List, NoneValue, Tensor, Tuple, Unknown, Value


def pooled(
    name: str,
    input: Tensor,
    moved: int,
    kernel_size: Value,
    stride: Value,
    padding: Value,
    dilation: Value,
    ceil_mode: bool,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *L) -> (B, C, *L_out)."""
    require_rank(name, input, moved + 1, moved + 2)
    each = windows(kernel_size, stride, paddings(padding, moved), dilation, ceil_mode)
    for window in each:
        if window.padding is not None and (window.padding - window.kernel).is_positive():
            raise ShapeError(f"{name}: padding must be at most half of kernel_size {window.kernel}")
    return Tensor(slid(input.axes, each, assume), input.dtype)


def _pooled_by(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    kernel_size, stride, padding = (layer.get(name, Value) for name in ("kernel_size", "stride", "padding"))
    dilation = layer.find("dilation", Value) or INT_ONE
    ceil_mode = layer.flag("ceil_mode")
    return pooled(layer.name, input, moved_axes(layer.name), kernel_size, stride, padding, dilation, ceil_mode, assume)


def with_indices(values: Tensor, return_indices: bool) -> Tensor | Tuple:
    """Return the maxima, and where they were if asked for."""
    return Tuple((values, Tensor(values.axes, Dtype.INT))) if return_indices else values


def max_pool_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor | Tuple:
    """(B, C, *L) -> (B, C, *L_out)."""
    return with_indices(_pooled_by(layer, input, assume), layer.flag("return_indices"))


@layer(
    "torch.nn.MaxPool3d",
    forward=max_pool_forward,
    rank_change=0,
    input_rank=5,
    mixes=axes_from(-3),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.MaxPool2d",
    forward=max_pool_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(-2),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.MaxPool1d",
    forward=max_pool_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.POOLING,
)
def max_pool(
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    return_indices: bool = False,
    ceil_mode: bool = False,
) -> None:
    """nn.MaxPool1d, nn.MaxPool2d and nn.MaxPool3d check nothing before the call."""


def avg_pool_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C, *L) -> (B, C, *L_out)."""
    return _pooled_by(layer, input, assume)


@layer(
    "torch.nn.AvgPool1d",
    forward=avg_pool_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.POOLING,
)
def avg_pool1d_layer(
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
) -> None:
    """nn.AvgPool1d."""


@layer(
    "torch.nn.AvgPool3d",
    forward=avg_pool_forward,
    rank_change=0,
    input_rank=5,
    mixes=axes_from(-3),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.AvgPool2d",
    forward=avg_pool_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(-2),
    nature=Nature.POOLING,
)
def avg_pool_layer(
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
    divisor_override: Value = NONE,
) -> None:
    """nn.AvgPool2d and nn.AvgPool3d."""


@op("torch.nn.functional.max_pool1d", rank_change=0, input_rank=3, mixes=axes_from(-1), nature=Nature.POOLING)
def max_pool1d(
    input: Tensor,
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    assume: Assumptions,
) -> Tensor | Tuple:
    """(B, C, L) -> (B, C, L_out)."""
    args = (kernel_size, stride, padding, dilation, ceil_mode)
    return with_indices(pooled("max_pool1d", input, 1, *args, assume), return_indices)


@op("torch.nn.functional.max_pool2d", rank_change=0, input_rank=4, mixes=axes_from(-2), nature=Nature.POOLING)
def max_pool2d(
    input: Tensor,
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    assume: Assumptions,
) -> Tensor | Tuple:
    """(B, C, L1, L2) -> (B, C, L1_out, L2_out)."""
    args = (kernel_size, stride, padding, dilation, ceil_mode)
    return with_indices(pooled("max_pool2d", input, 2, *args, assume), return_indices)


@op("torch.nn.functional.max_pool3d", rank_change=0, input_rank=5, mixes=axes_from(-3), nature=Nature.POOLING)
def max_pool3d(
    input: Tensor,
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    assume: Assumptions,
) -> Tensor | Tuple:
    """(B, C, L1, L2, L3) -> (B, C, L1_out, L2_out, L3_out)."""
    args = (kernel_size, stride, padding, dilation, ceil_mode)
    return with_indices(pooled("max_pool3d", input, 3, *args, assume), return_indices)


@op("torch.nn.functional.avg_pool1d", rank_change=0, input_rank=3, mixes=axes_from(-1), nature=Nature.POOLING)
def avg_pool1d(
    input: Tensor,
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, L) -> (B, C, L_out)."""
    return pooled("avg_pool1d", input, 1, kernel_size, stride, padding, INT_ONE, ceil_mode, assume)


@op("torch.nn.functional.avg_pool2d", rank_change=0, input_rank=4, mixes=axes_from(-2), nature=Nature.POOLING)
def avg_pool2d(
    input: Tensor,
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
    divisor_override: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, L1, L2) -> (B, C, L1_out, L2_out)."""
    return pooled("avg_pool2d", input, 2, kernel_size, stride, padding, INT_ONE, ceil_mode, assume)


@op("torch.nn.functional.avg_pool3d", rank_change=0, input_rank=5, mixes=axes_from(-3), nature=Nature.POOLING)
def avg_pool3d(
    input: Tensor,
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
    divisor_override: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, L1, L2, L3) -> (B, C, L1_out, L2_out, L3_out)."""
    return pooled("avg_pool3d", input, 3, kernel_size, stride, padding, INT_ONE, ceil_mode, assume)


@op("torch.nn.functional.adaptive_avg_pool1d", rank_change=0, input_rank=3, mixes=axes_from(-1), nature=Nature.POOLING)
def adaptive_avg_pool1d(input: Tensor, output_size: Value) -> Tensor:
    """(B, C, L) -> (B, C, output_size)."""
    return _adapted("adaptive_avg_pool1d", input, 1, output_size)


@op("torch.nn.functional.adaptive_avg_pool2d", rank_change=0, input_rank=4, mixes=axes_from(-2), nature=Nature.POOLING)
def adaptive_avg_pool2d(input: Tensor, output_size: Value) -> Tensor:
    """(B, C, L1, L2) -> (B, C, *output_size)."""
    return _adapted("adaptive_avg_pool2d", input, 2, output_size)


@op("torch.nn.functional.adaptive_avg_pool3d", rank_change=0, input_rank=5, mixes=axes_from(-3), nature=Nature.POOLING)
def adaptive_avg_pool3d(input: Tensor, output_size: Value) -> Tensor:
    """(B, C, L1, L2, L3) -> (B, C, *output_size)."""
    return _adapted("adaptive_avg_pool3d", input, 3, output_size)


@op("torch.nn.functional.adaptive_max_pool1d", rank_change=0, input_rank=3, mixes=axes_from(-1), nature=Nature.POOLING)
def adaptive_max_pool1d(input: Tensor, output_size: Value, return_indices: bool = False) -> Tensor | Tuple:
    """(B, C, L) -> (B, C, output_size)."""
    return with_indices(_adapted("adaptive_max_pool1d", input, 1, output_size), return_indices)


@op("torch.nn.functional.adaptive_max_pool2d", rank_change=0, input_rank=4, mixes=axes_from(-2), nature=Nature.POOLING)
def adaptive_max_pool2d(input: Tensor, output_size: Value, return_indices: bool = False) -> Tensor | Tuple:
    """(B, C, L1, L2) -> (B, C, *output_size)."""
    return with_indices(_adapted("adaptive_max_pool2d", input, 2, output_size), return_indices)


@op("torch.nn.functional.adaptive_max_pool3d", rank_change=0, input_rank=5, mixes=axes_from(-3), nature=Nature.POOLING)
def adaptive_max_pool3d(input: Tensor, output_size: Value, return_indices: bool = False) -> Tensor | Tuple:
    """(B, C, L1, L2, L3) -> (B, C, *output_size)."""
    return with_indices(_adapted("adaptive_max_pool3d", input, 3, output_size), return_indices)


def adaptive_forward(layer: Layer, input: Tensor) -> Tensor | Tuple:
    """(B, C, *L) -> (B, C, *output_size)."""
    values = _adapted(layer.name, input, moved_axes(layer.name), layer.get("output_size", Value))
    return with_indices(values, layer.flag("return_indices"))


@layer(
    "torch.nn.AdaptiveAvgPool3d",
    forward=adaptive_forward,
    rank_change=0,
    input_rank=5,
    mixes=axes_from(-3),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.AdaptiveAvgPool2d",
    forward=adaptive_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(-2),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.AdaptiveAvgPool1d",
    forward=adaptive_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.POOLING,
)
def adaptive_avg_pool(output_size: Value) -> None:
    """nn.AdaptiveAvgPool1d to 3d check nothing before the call."""


@layer(
    "torch.nn.AdaptiveMaxPool3d",
    forward=adaptive_forward,
    rank_change=0,
    input_rank=5,
    mixes=axes_from(-3),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.AdaptiveMaxPool2d",
    forward=adaptive_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(-2),
    nature=Nature.POOLING,
)
@layer(
    "torch.nn.AdaptiveMaxPool1d",
    forward=adaptive_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.POOLING,
)
def adaptive_max_pool(output_size: Value, return_indices: bool = False) -> None:
    """nn.AdaptiveMaxPool1d to 3d check nothing before the call."""


def _adapted(name: str, input: Tensor, moved: int, output_size: Value) -> Tensor:
    """Return the last axes with the sizes that are asked for; None keeps an axis."""
    require_rank(name, input, moved + 1, moved + 2)
    given = output_size.items if isinstance(output_size, Tuple | List) else [output_size] * moved
    if len(given) != moved:
        raise ShapeError(f"{name}: output_size has {len(given)} sizes for {moved} axes")
    pairs = zip(input.axes[-moved:], given, strict=True)
    return Tensor((*input.axes[:-moved], *(_adapted_axis(axis, size) for axis, size in pairs)), input.dtype)


def _adapted_axis(axis: Axis, size: Value) -> Axis:
    if isinstance(size, NoneValue):
        return axis
    dim = size.dim if isinstance(size, Int | Unknown) else None
    if dim is None or (ONE - dim).is_positive():
        raise ShapeError("output_size must be a positive integer or None")
    return resized(axis, dim)
