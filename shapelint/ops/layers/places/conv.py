"""Convolutions: nn.Conv1d, nn.Conv2d, nn.Conv3d and their functional forms.

Letters: B batch (absent for one sample), C channels, L the length of an axis that the window slides over.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.ops.axes import ONE
from shapelint.ops.layers.places.counted import functions, layers
from shapelint.ops.layers.places.windows import Window, moved_axes, paddings, per_axis, slid, windows
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined
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
    at = channel_axis(name, input, len(each))
    require_channels(name, input, at, channels[0], assume)
    require_at_least(1, out_channels=channels[1])
    if channels[0] == ZERO:
        raise Undetermined("torch gives no channels where it is given none")
    axes = slid(input.axes, each, assume)
    return Tensor((*axes[:at], Axis(channels[1], Role.CHANNEL), *axes[at + 1 :]))


def channel_axis(name: str, input: Tensor, moved: int) -> int:
    """The axis of the channels, in front of those that the window slides over; raises RankError."""
    require_rank(name, input, moved + 1, moved + 2)
    return input.rank - moved - 1


def _windows(axes: int, kernel_size: Value, stride: Value, padding: Value, dilation: Value) -> tuple[Window, ...]:
    """Return the windows of a convolution, whose padding may be 'valid' or 'same'."""
    if not isinstance(padding, Str):
        return windows(kernel_size, stride, paddings(padding, axes), dilation)
    _check_padding(padding, stride)
    if padding.value == "valid":
        return windows(kernel_size, stride, (ZERO,) * axes, dilation)
    kernels, dilations = per_axis(kernel_size, axes, "kernel_size"), per_axis(dilation, axes, "dilation")
    total = tuple(d * (k - ONE) for k, d in zip(kernels, dilations, strict=True))
    return windows(kernel_size, stride, total, dilation)


def _check_padding(padding: Str, stride: Value) -> None:
    if padding.value not in ("valid", "same"):
        raise ShapeError(f"padding must be 'valid' or 'same', not {padding.value!r}")
    if padding.value == "same" and any((step - ONE).is_positive() for step in one_or_more(stride)):
        raise ShapeError("padding='same' is not supported for strided convolutions")


def check_channels(in_channels: Dim, out_channels: Dim, groups: Dim) -> None:
    """Groups must divide the channels of both sides."""
    require_at_least(1, groups=groups)
    require_at_least(0, in_channels=in_channels, out_channels=out_channels)
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        count, into = channels.constant, groups.constant
        if count is not None and into is not None and count % into:
            raise ShapeError(f"{name} $got must be divisible by groups $expected", expected=groups, got=channels)


def conv_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C_in, *L) -> (B, C_out, *L_out)."""
    options = (layer.get(name, Value) for name in ("kernel_size", "stride", "padding", "dilation"))
    channels = (layer.get("in_channels", Dim), layer.get("out_channels", Dim))
    return convolved(layer.name, input, channels, _windows(moved_axes(layer.name), *options), assume)


@layers("Conv", forward=conv_forward, nature=Nature.CONVOLUTION)
def conv(
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
    """nn.Conv1d, nn.Conv2d and nn.Conv3d slide over the last axes."""
    check_channels(in_channels, out_channels, groups)
    if isinstance(padding, Str):
        _check_padding(padding, stride)


@functions("conv", nature=Nature.CONVOLUTION)
def conv_by_weight(name: str) -> Callable[..., Tensor]:
    """F.conv1d to 3d."""

    def conv(
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
        """(B, C_in, *L) and a weight (C_out, C_in / groups, *kernel_size) -> (B, C_out, *L_out)."""
        moved = moved_axes(name)
        require_rank(f"{name} (weight)", weight, moved + 2)
        channels = (weight.axes[1].dim * groups, weight.axes[0].dim)
        each = _windows(moved, kernel_of(weight), stride, padding, dilation)
        return convolved(name, input, channels, each, assume)

    return conv


def kernel_of(weight: Tensor) -> Tuple:
    """The kernel's sizes, which are the last axes of a weight."""
    return Tuple(tuple(Int(axis.dim) for axis in weight.axes[2:]))
