"""Convolutions: nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d and their functional forms.

Letters: B batch (absent for one sample), C channels, L the length of an axis that the window slides over.
"""

from __future__ import annotations

from shapelint.ops.axes import ONE, resized
from shapelint.ops.axis_flow import axes_from
from shapelint.ops.layers.windows import Window, paddings, per_axis, slid, unknown_length, windows
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import one_or_more, require_at_least, require_channels, require_rank
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, TRUE, Int, Layer, Str, Tensor, Tuple, Value

INT_ONE = Int(ONE)
INT_ZERO = Int(Dim.of(0))
ZEROS = Str("zeros")
ZERO = Dim.of(0)


def convolved(
    name: str, input: Tensor, channels: tuple[Dim, Dim], each: tuple[Window, ...], assume: Assumptions
) -> Tensor:
    """(B, C_in, *L) -> (B, C_out, *L_out)."""
    channel_axis = _channel_axis(name, input, len(each))
    require_channels(name, input, channel_axis, channels[0], assume)
    require_at_least(1, out_channels=channels[1])
    if channels[0] == ZERO:
        raise Undetermined("torch gives no channels where it is given none")
    axes = slid(input.axes, each, assume)
    return Tensor((*axes[:channel_axis], Axis(channels[1], Role.CHANNEL), *axes[channel_axis + 1 :]))


def _channel_axis(name: str, input: Tensor, moved: int) -> int:
    require_rank(name, input, moved + 1, moved + 2)
    return input.rank - moved - 1


def _windows(axes: int, kernel_size: Value, stride: Value, padding: Value, dilation: Value) -> tuple[Window, ...]:
    """Return the windows of a convolution, whose padding may be 'valid' or 'same'."""
    if not isinstance(padding, Str):
        return windows(kernel_size, stride, paddings(padding, axes), dilation)
    kernels, dilations = per_axis(kernel_size, axes, "kernel_size"), per_axis(dilation, axes, "dilation")
    if padding.value == "valid":
        return windows(kernel_size, stride, (ZERO,) * axes, dilation)
    if padding.value != "same":
        raise ShapeError(f"padding must be 'valid' or 'same', not {padding.value!r}")
    if any((step - ONE).is_positive() for step in per_axis(stride, axes, "stride")):
        raise ShapeError("padding='same' is not supported for strided convolutions")
    total = tuple(d * (k - ONE) for k, d in zip(kernels, dilations, strict=True))
    return windows(kernel_size, stride, total, dilation)


def _layer_windows(layer: Layer, axes: int) -> tuple[Window, ...]:
    names = ("kernel_size", "stride", "padding", "dilation")
    return _windows(axes, *(layer.get(name, Value) for name in names))


def _check_construction(in_channels: Dim, out_channels: Dim, groups: Dim) -> None:
    require_at_least(1, groups=groups)
    require_at_least(0, in_channels=in_channels, out_channels=out_channels)
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        count, into = channels.constant, groups.constant
        if count is not None and into is not None and count % into:
            raise ShapeError(f"{name} $got must be divisible by groups $expected", expected=groups, got=channels)


def _layer_channels(layer: Layer) -> tuple[Dim, Dim]:
    return layer.get("in_channels", Dim), layer.get("out_channels", Dim)


def conv1d_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C_in, L) -> (B, C_out, L_out)."""
    return convolved("Conv1d", input, _layer_channels(layer), _layer_windows(layer, 1), assume)


@layer(
    "torch.nn.Conv1d",
    forward=conv1d_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.CONVOLUTION,
)
def conv1d(
    in_channels: Dim,
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
    """nn.Conv1d slides over the last axis."""
    _check_construction(in_channels, out_channels, groups)
    _check_same(padding, stride, 1)


def conv2d_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C_in, L1, L2) -> (B, C_out, L1_out, L2_out)."""
    return convolved("Conv2d", input, _layer_channels(layer), _layer_windows(layer, 2), assume)


@layer(
    "torch.nn.Conv2d",
    forward=conv2d_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(-2),
    nature=Nature.CONVOLUTION,
)
def conv2d(
    in_channels: Dim,
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
    """nn.Conv2d slides over the last two axes."""
    _check_construction(in_channels, out_channels, groups)
    _check_same(padding, stride, 2)


def _check_same(padding: Value, stride: Value, axes: int) -> None:
    if isinstance(padding, Str):
        _windows(axes, INT_ONE, stride, padding, INT_ONE)


@op("torch.nn.functional.conv1d", rank_change=0, input_rank=3, mixes=axes_from(-1), nature=Nature.CONVOLUTION)
def functional_conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Value = NONE,
    stride: Value = INT_ONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    groups: Dim = ONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C_in, L) and a weight (C_out, C_in / groups, kernel_size) -> (B, C_out, L_out)."""
    require_rank("conv1d (weight)", weight, 3)
    channels = (weight.axes[1].dim * groups, weight.axes[0].dim)
    each = _windows(1, Int(weight.axes[2].dim), stride, padding, dilation)
    return convolved("conv1d", input, channels, each, assume)


@op("torch.nn.functional.conv2d", rank_change=0, input_rank=4, mixes=axes_from(-2), nature=Nature.CONVOLUTION)
def functional_conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Value = NONE,
    stride: Value = INT_ONE,
    padding: Value = INT_ZERO,
    dilation: Value = INT_ONE,
    groups: Dim = ONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C_in, L1, L2), a weight (C_out, C_in / groups, *kernel_size) -> (B, C_out, *L_out)."""
    require_rank("conv2d (weight)", weight, 4)
    channels = (weight.axes[1].dim * groups, weight.axes[0].dim)
    kernel = Tuple(tuple(Int(axis.dim) for axis in weight.axes[2:]))
    return convolved("conv2d", input, channels, _windows(2, kernel, stride, padding, dilation), assume)


def conv_transpose1d_forward(layer: Layer, input: Tensor, output_size: Value = NONE, *, assume: Assumptions) -> Tensor:
    """(B, C_in, L) -> (B, C_out, L_out)."""
    (window,) = _layer_windows(layer, 1)
    given = output_size if output_size != NONE else None
    return _transposed(input, _layer_channels(layer), window, layer.get("output_padding", Value), given, assume)


@layer(
    "torch.nn.ConvTranspose1d",
    forward=conv_transpose1d_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.CONVOLUTION,
)
def conv_transpose1d(
    in_channels: Dim,
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
    """nn.ConvTranspose1d."""
    _check_construction(in_channels, out_channels, groups)


@op("torch.nn.functional.conv_transpose1d", rank_change=0, input_rank=3, mixes=axes_from(-1), nature=Nature.CONVOLUTION)
def functional_conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Value = NONE,
    stride: Value = INT_ONE,
    padding: Value = INT_ZERO,
    output_padding: Value = INT_ZERO,
    groups: Dim = ONE,
    dilation: Value = INT_ONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C_in, L) and a weight (C_in, C_out / groups, kernel_size) -> (B, C_out, L_out)."""
    require_rank("conv_transpose1d (weight)", weight, 3)
    channels = (weight.axes[0].dim, weight.axes[1].dim * groups)
    (window,) = windows(Int(weight.axes[2].dim), stride, paddings(padding, 1), dilation)
    return _transposed(input, channels, window, output_padding, None, assume)


def _transposed(
    input: Tensor,
    channels: tuple[Dim, Dim],
    window: Window,
    output_padding: Value,
    output_size: Value | None,
    assume: Assumptions,
) -> Tensor:
    channel_axis = _channel_axis("ConvTranspose1d", input, 1)
    require_channels("ConvTranspose1d", input, channel_axis, channels[0], assume)
    require_at_least(1, in_channels=channels[0], out_channels=channels[1])
    last = input.axes[-1]
    if output_size is not None:
        length = one_or_more(output_size)[-1]
    else:
        length = _transposed_length(last.dim, window, output_padding)
    axes = (*input.axes[:channel_axis], Axis(channels[1], Role.CHANNEL), resized(last, length))
    return Tensor(axes)


def _transposed_length(length: Dim, window: Window, output_padding: Value) -> Dim:
    if window.padding is None or not isinstance(output_padding, Int | Tuple):
        return unknown_length("transposed", length, window.kernel, window.stride)
    (extra,) = per_axis(output_padding, 1, "output_padding")
    if not ((window.stride - extra).is_positive() or (window.dilation - extra).is_positive()) and extra != ZERO:
        constants = (extra.constant, window.stride.constant, window.dilation.constant)
        if None not in constants:
            raise ShapeError(f"output_padding {extra} must be smaller than stride or dilation")
    reach = window.dilation * (window.kernel - ONE) + ONE
    total = (length - ONE) * window.stride - window.padding + reach + extra
    if (ONE - total).is_positive():
        raise SizeError("the output would have a length of $got", got=total)
    return total
