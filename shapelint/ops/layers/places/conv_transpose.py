"""Transposed convolutions: nn.ConvTranspose1d to 3d and their functional forms.

Letters: B batch (absent for one sample), C channels, L the length of an axis that the window slides over.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.data import dataclass
from shapelint.ops.axes import ONE, resized
from shapelint.ops.layers.places.conv import INT_ONE, INT_ZERO, ZERO, ZEROS, channel_axis, check_channels, kernel_of
from shapelint.ops.layers.places.counted import functions, layers
from shapelint.ops.layers.places.windows import Window, moved_axes, paddings, per_axis, unknown_length, windows
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import SizeError
from shapelint.ops.registry import Assumptions, ShapeError
from shapelint.ops.require import one_or_more, require_at_least, require_channels, require_rank
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, TRUE, Int, Layer, Tensor, Tuple, Value


@dataclass(frozen=True, slots=True)
class _Options:
    """What a call says besides its channels."""

    kernel_size: Value
    stride: Value
    padding: Value
    dilation: Value
    output_padding: Value
    output_size: Value = NONE

    def windows(self, axes: int) -> tuple[Window, ...]:
        """The windows that would slide over the result."""
        return windows(self.kernel_size, self.stride, paddings(self.padding, axes), self.dilation)

    def lengths(self, lengths: tuple[Dim, ...]) -> tuple[Dim, ...]:
        """The lengths of the result's last axes."""
        axes = len(lengths)
        if self.output_size != NONE:
            return tuple(one_or_more(self.output_size))[-axes:]
        pairs = zip(lengths, self.windows(axes), strict=True)
        if not isinstance(self.output_padding, Int | Tuple):
            return tuple(unknown_length("transposed", size, window.kernel, window.stride) for size, window in pairs)
        extras = per_axis(self.output_padding, axes, "output_padding")
        return tuple(_length(size, window, extra) for (size, window), extra in zip(pairs, extras, strict=True))


def _length(length: Dim, window: Window, extra: Dim) -> Dim:
    """The transposed convolution's own formula: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d."""
    if window.padding is None:
        return unknown_length("transposed", length, window.kernel, window.stride)
    if not ((window.stride - extra).is_positive() or (window.dilation - extra).is_positive()) and extra != ZERO:
        constants = (extra.constant, window.stride.constant, window.dilation.constant)
        if None not in constants:
            raise ShapeError(f"output_padding {extra} must be smaller than stride or dilation")
    reach = window.dilation * (window.kernel - ONE) + ONE
    total = (length - ONE) * window.stride - window.padding + reach + extra
    if (ONE - total).is_positive():
        raise SizeError("the output would have a length of $got", got=total)
    return total


def _transposed(name: str, input: Tensor, channels: tuple[Dim, Dim], options: _Options, assume: Assumptions) -> Tensor:
    moved = moved_axes(name)
    at = channel_axis(name, input, moved)
    require_channels(name, input, at, channels[0], assume)
    require_at_least(1, in_channels=channels[0], out_channels=channels[1])
    last = input.axes[at + 1 :]
    lengths = options.lengths(tuple(axis.dim for axis in last))
    slid = (resized(axis, length) for axis, length in zip(last, lengths, strict=True))
    return Tensor((*input.axes[:at], Axis(channels[1], Role.CHANNEL), *slid))


def conv_transpose_forward(layer: Layer, input: Tensor, output_size: Value = NONE, *, assume: Assumptions) -> Tensor:
    """(B, C_in, *L) -> (B, C_out, *L_out)."""
    channels = (layer.get("in_channels", Dim), layer.get("out_channels", Dim))
    return _transposed(layer.name, input, channels, _options(layer, output_size), assume)


def _options(layer: Layer, output_size: Value) -> _Options:
    names = ("kernel_size", "stride", "padding", "dilation", "output_padding")
    kernel_size, stride, padding, dilation, output_padding = (layer.get(name, Value) for name in names)
    return _Options(kernel_size, stride, padding, dilation, output_padding, output_size)


@layers("ConvTranspose", forward=conv_transpose_forward, nature=Nature.CONVOLUTION)
def conv_transpose(
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
    """nn.ConvTranspose1d, nn.ConvTranspose2d and nn.ConvTranspose3d."""
    check_channels(in_channels, out_channels, groups)


@functions("conv_transpose", nature=Nature.CONVOLUTION)
def conv_transpose_by_weight(name: str) -> Callable[..., Tensor]:
    """F.conv_transpose1d to 3d."""

    def conv_transpose(
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
        """(B, C_in, *L) and a weight (C_in, C_out / groups, *kernel_size) -> (B, C_out, *L_out)."""
        require_rank(f"{name} (weight)", weight, moved_axes(name) + 2)
        channels = (weight.axes[0].dim, weight.axes[1].dim * groups)
        options = _Options(kernel_of(weight), stride, padding, dilation, output_padding)
        return _transposed(name, input, channels, options, assume)

    return conv_transpose
