"""Lazy layers, which take the number of their inputs from the first call: nn.LazyLinear, nn.LazyConv2d, ...

Letters: B batch (absent for one sample), C channels, L the length of an axis that a window slides over.
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import ONE
from shapelint.ops.axis_flow import all_but, axes_from
from shapelint.ops.layers.norm import EPS, MOMENTUM, batch_norm_forward
from shapelint.ops.layers.places.conv import INT_ONE, INT_ZERO, ZEROS, channel_axis, conv_forward
from shapelint.ops.layers.places.conv_transpose import conv_transpose_forward
from shapelint.ops.layers.places.windows import moved_axes
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, layer
from shapelint.ops.require import require_at_least
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, TRUE, Layer, Tensor, Value

NN = "torch.nn."


def lazy_linear_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*, any) -> (*, out_features)."""
    if not input.axes:
        raise RankError("LazyLinear needs a feature axis and gets a scalar")
    return Tensor((*input.axes[:-1], Axis(layer.get("out_features", Dim), Role.FEATURE)))


@layer(NN + "LazyLinear", forward=lazy_linear_forward, rank_change=0, mixes=axes_from(-1), nature=Nature.LINEAR)
def lazy_linear(out_features: Dim, bias: Value = TRUE, device: Value = NONE, dtype: Value = NONE) -> None:
    """nn.LazyLinear."""
    require_at_least(0, out_features=out_features)


def _settled(layer: Layer, name: str, size: Dim) -> Layer:
    """The layer as its first call makes it."""
    return replace(layer, config={**layer.config, name: size})


def lazy_conv_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, any, *L) -> (B, C_out, *L_out)."""
    channels = input.axes[channel_axis(layer.name, input, moved_axes(layer.name))]
    return conv_forward(_settled(layer, "in_channels", channels.dim), input, assume)


@layer(
    NN + "LazyConv1d",
    NN + "LazyConv2d",
    NN + "LazyConv3d",
    forward=lazy_conv_forward,
    rank_change=0,
    mixes=axes_from(2),
    nature=Nature.CONVOLUTION,
)
def lazy_conv(
    out_channels: Dim,
    kernel_size: Value,
    stride: Value = INT_ONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    groups: Dim = ONE,
    bias: Value = TRUE,
    padding_mode: Value = ZEROS,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.LazyConv1d to 3d."""
    require_at_least(1, out_channels=out_channels, groups=groups)


def lazy_conv_transpose_forward(
    layer: Layer, input: Tensor, output_size: Value = NONE, *, assume: Assumptions
) -> Tensor:
    """(B, any, *L) -> (B, C_out, *L_out)."""
    channels = input.axes[channel_axis(layer.name, input, moved_axes(layer.name))]
    return conv_transpose_forward(_settled(layer, "in_channels", channels.dim), input, output_size, assume=assume)


@layer(
    NN + "LazyConvTranspose1d",
    NN + "LazyConvTranspose2d",
    NN + "LazyConvTranspose3d",
    forward=lazy_conv_transpose_forward,
    rank_change=0,
    mixes=axes_from(2),
    nature=Nature.CONVOLUTION,
)
def lazy_conv_transpose(
    out_channels: Dim,
    kernel_size: Value,
    stride: Value = INT_ONE,
    padding: Value = INT_ZERO,
    output_padding: Value = INT_ZERO,
    groups: Dim = ONE,
    bias: Value = TRUE,
    dilation: Value = INT_ONE,
    padding_mode: Value = ZEROS,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.LazyConvTranspose1d to 3d."""
    require_at_least(1, out_channels=out_channels, groups=groups)


def lazy_batch_norm_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, any, *L), unchanged."""
    channels = input.axes[1].dim if input.rank > 1 else ONE
    return batch_norm_forward(_settled(layer, "num_features", channels), input, assume)


@layer(
    NN + "LazyBatchNorm1d",
    NN + "LazyBatchNorm2d",
    NN + "LazyBatchNorm3d",
    forward=lazy_batch_norm_forward,
    rank_change=0,
    mixes=all_but(1),
    nature=Nature.NORM,
)
def lazy_batch_norm(
    eps: Value = EPS,
    momentum: Value = MOMENTUM,
    affine: Value = TRUE,
    track_running_stats: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
    *,
    bias: Value = TRUE,
) -> None:
    """nn.LazyBatchNorm1d to 3d."""
