"""Pooling over the last axes: max, average, adaptive; layers and functions.

Letters: B batch (absent for one sample), C channels, L the length of an axis that is pooled.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.ops.axes import ONE, resized
from shapelint.ops.layers.places.conv import INT_ONE, INT_ZERO
from shapelint.ops.layers.places.counted import functions, layers
from shapelint.ops.layers.places.windows import moved_axes, paddings, slid, windows
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError
from shapelint.ops.require import require_rank
from shapelint.shapes.axis import Axis
from shapelint.shapes.value import NONE, TRUE, Dtype, Int, Layer, List, NoneValue, Tensor, Tuple, Unknown, Value


def pooled(
    name: str,
    input: Tensor,
    kernel_size: Value,
    stride: Value,
    padding: Value,
    dilation: Value,
    ceil_mode: bool,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *L) -> (B, C, *L_out)."""
    moved = moved_axes(name)
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
    return pooled(layer.name, input, kernel_size, stride, padding, dilation, ceil_mode, assume)


def with_indices(values: Tensor, return_indices: bool) -> Tensor | Tuple:
    """Return the maxima, and where they were if asked for."""
    return Tuple((values, Tensor(values.axes, Dtype.INT))) if return_indices else values


def max_pool_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor | Tuple:
    """(B, C, *L) -> (B, C, *L_out)."""
    return with_indices(_pooled_by(layer, input, assume), layer.flag("return_indices"))


@layers("MaxPool", forward=max_pool_forward, nature=Nature.POOLING)
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


@layers("AvgPool", forward=avg_pool_forward, nature=Nature.POOLING, counts=(1,))
def avg_pool1d(
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
) -> None:
    """nn.AvgPool1d."""


@layers("AvgPool", forward=avg_pool_forward, nature=Nature.POOLING, counts=(2, 3))
def avg_pool(
    kernel_size: Value,
    stride: Value = NONE,
    padding: Value = INT_ZERO,
    ceil_mode: bool = False,
    count_include_pad: Value = TRUE,
    divisor_override: Value = NONE,
) -> None:
    """nn.AvgPool2d and nn.AvgPool3d."""


@functions("max_pool", nature=Nature.POOLING)
def max_pool_of(name: str) -> Callable[..., Tensor | Tuple]:
    """F.max_pool1d to 3d."""

    def max_pool(
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
        """(B, C, *L) -> (B, C, *L_out)."""
        values = pooled(name, input, kernel_size, stride, padding, dilation, ceil_mode, assume)
        return with_indices(values, return_indices)

    return max_pool


@functions("avg_pool", nature=Nature.POOLING, counts=(1,))
def avg_pool1d_of(name: str) -> Callable[..., Tensor]:
    """F.avg_pool1d, which has no `divisor_override`."""

    def avg_pool(
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
        return pooled(name, input, kernel_size, stride, padding, INT_ONE, ceil_mode, assume)

    return avg_pool


@functions("avg_pool", nature=Nature.POOLING, counts=(2, 3))
def avg_pool_of(name: str) -> Callable[..., Tensor]:
    """F.avg_pool2d and 3d."""

    def avg_pool(
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
        """(B, C, *L) -> (B, C, *L_out)."""
        return pooled(name, input, kernel_size, stride, padding, INT_ONE, ceil_mode, assume)

    return avg_pool


@functions("adaptive_avg_pool", nature=Nature.POOLING)
def adaptive_avg_pool_of(name: str) -> Callable[..., Tensor]:
    """F.adaptive_avg_pool1d to 3d."""

    def adaptive_avg_pool(input: Tensor, output_size: Value) -> Tensor:
        """(B, C, *L) -> (B, C, *output_size)."""
        return _adapted(name, input, output_size)

    return adaptive_avg_pool


@functions("adaptive_max_pool", nature=Nature.POOLING)
def adaptive_max_pool_of(name: str) -> Callable[..., Tensor | Tuple]:
    """F.adaptive_max_pool1d to 3d."""

    def adaptive_max_pool(input: Tensor, output_size: Value, return_indices: bool = False) -> Tensor | Tuple:
        """(B, C, *L) -> (B, C, *output_size)."""
        return with_indices(_adapted(name, input, output_size), return_indices)

    return adaptive_max_pool


def adaptive_forward(layer: Layer, input: Tensor) -> Tensor | Tuple:
    """(B, C, *L) -> (B, C, *output_size)."""
    values = _adapted(layer.name, input, layer.get("output_size", Value))
    return with_indices(values, layer.flag("return_indices"))


@layers("AdaptiveAvgPool", forward=adaptive_forward, nature=Nature.POOLING)
def adaptive_avg_pool(output_size: Value) -> None:
    """nn.AdaptiveAvgPool1d to 3d check nothing before the call."""


@layers("AdaptiveMaxPool", forward=adaptive_forward, nature=Nature.POOLING)
def adaptive_max_pool(output_size: Value, return_indices: bool = False) -> None:
    """nn.AdaptiveMaxPool1d to 3d check nothing before the call."""


def _adapted(name: str, input: Tensor, output_size: Value) -> Tensor:
    """Return the last axes with the sizes that are asked for; None keeps an axis."""
    moved = moved_axes(name)
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
