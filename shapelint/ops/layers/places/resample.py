"""Layers that trade channels for places, or make more or fewer places: nn.Upsample, nn.PixelShuffle, nn.Unfold, ...

Letters: B batch, C channels, H height, W width, L the length of an axis that is resampled.
"""

from __future__ import annotations

from math import prod

from shapelint.ops.axes import ONE, resized
from shapelint.ops.axis_flow import axes_from, every_axis
from shapelint.ops.layers.places.windows import Window, paddings, slid, unknown_length, windows
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError, SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import one_or_more, require_at_least, require_equal, require_rank
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed
from shapelint.shapes.value import NONE, Float, Int, Layer, List, Str, Tensor, Tuple, Unknown, Value

F = "torch.nn.functional."
NN = "torch.nn."
INT_ONE = Int(ONE)
INT_ZERO = Int(Dim.of(0))
NEAREST = Str("nearest")
#: the modes of interpolation that take a certain number of axes alone
_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}


@op(F + "interpolate", F + "upsample", rank_change=0, mixes=axes_from(2), nature=Nature.POOLING)
def interpolate(
    input: Tensor,
    size: Value = NONE,
    scale_factor: Value = NONE,
    mode: Value = NEAREST,
    align_corners: Value = NONE,
    recompute_scale_factor: Value = NONE,
    antialias: Value = NONE,
) -> Tensor:
    """(B, C, *L) -> (B, C, *size), or each L times its factor."""
    if not 3 <= input.rank <= 5:
        raise RankError(f"interpolate needs 3 to 5 axes, of which the first two stay, and gets a {input.rank}-D tensor")
    if isinstance(mode, Str) and _RANKS.get(mode.value, input.rank) != input.rank:
        raise RankError(f"interpolate: mode {mode.value!r} takes a {_RANKS[mode.value]}-D tensor, not {input.rank}-D")
    if (size == NONE) == (scale_factor == NONE) and not isinstance(size, Unknown):
        raise ShapeError("interpolate needs one of size and scale_factor")
    moved = input.axes[2:]
    lengths = _scaled(moved, scale_factor) if size == NONE else _sized(size, len(moved))
    return Tensor((*input.axes[:2], *(resized(*pair) for pair in zip(moved, lengths, strict=True))), input.dtype)


def _sized(size: Value, axes: int) -> list[Dim]:
    if isinstance(size, Unknown):
        raise Undetermined("a size that is not known")
    sizes = list(one_or_more(size))
    if isinstance(size, Tuple | List) and len(sizes) != axes:
        raise ShapeError(f"interpolate: size has {len(sizes)} numbers for {axes} axes")
    require_at_least(1, **{f"size {place}": one for place, one in enumerate(sizes)})
    return sizes * axes if len(sizes) == 1 else sizes


def _scaled(axes: tuple[Axis, ...], factor: Value) -> list[Dim]:
    factors = listed(factor) if isinstance(factor, Tuple | List) else [factor] * len(axes)
    if factors is None:
        raise Undetermined("factors that are not known")
    if len(factors) != len(axes):
        raise ShapeError(f"interpolate: scale_factor has {len(factors)} numbers for {len(axes)} axes")
    return [_times(axis.dim, one) for axis, one in zip(axes, factors, strict=True)]


def _times(length: Dim, factor: Value) -> Dim:
    """The length times a factor, rounded down."""
    if isinstance(factor, Int):
        return length * factor.dim
    number = factor.value if isinstance(factor, Float) else None
    if number is None or number <= 0:
        return unknown_length("scaled", length)
    if number.is_integer():
        return length * Dim.of(int(number))
    return length // Dim.of(int(1 / number)) if (1 / number).is_integer() else unknown_length("scaled", length)


def upsample_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, *L) -> (B, C, *size), or each L times its factor."""
    size, factor = layer.get("size", Value), layer.get("scale_factor", Value)
    mode = layer.find("mode", Value) or Str({"UpsamplingBilinear2d": "bilinear"}.get(layer.name, "nearest"))
    if layer.name != "Upsample":
        require_rank(layer.name, input, 4)
    return interpolate(input, size, factor, mode)


@layer(NN + "Upsample", forward=upsample_forward, rank_change=0, mixes=axes_from(2), nature=Nature.POOLING)
def upsample_layer(
    size: Value = NONE,
    scale_factor: Value = NONE,
    mode: Value = NEAREST,
    align_corners: Value = NONE,
    recompute_scale_factor: Value = NONE,
) -> None:
    """nn.Upsample."""


@layer(
    NN + "UpsamplingNearest2d",
    NN + "UpsamplingBilinear2d",
    forward=upsample_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(2),
    nature=Nature.POOLING,
)
def upsampling_layer(size: Value = NONE, scale_factor: Value = NONE) -> None:
    """nn.UpsamplingNearest2d and nn.UpsamplingBilinear2d."""


def _places(name: str, input: Tensor) -> tuple[Axis, Axis, Axis]:
    """The channels, height and width, which are the last three axes."""
    if input.rank < 3:
        raise RankError(f"{name} needs channels, height and width, and gets a {input.rank}-D tensor")
    channels, height, width = input.axes[-3:]
    return channels, height, width


def _divided(name: str, length: Dim, by: Dim) -> Dim:
    """A size that must be a multiple of another one."""
    if length.constant is not None and by.constant and length.constant % by.constant:
        raise SizeError(f"{name} takes a multiple of $expected and gets $got", expected=by, got=length)
    return length // by


@op(F + "grid_sample", mixes=axes_from(2), nature=Nature.POOLING)
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: Value = NONE,
    padding_mode: Value = NONE,
    align_corners: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *L) read at the places of (B, *M, number of places' axes) -> (B, C, *M)."""
    require_rank("grid_sample", input, 4, 5)
    require_rank("grid_sample's grid", grid, input.rank)
    require_equal("grid_sample", "numbers for a place", grid.sizes[-1], Dim.of(input.rank - 2), assume)
    require_equal("grid_sample", "grids", grid.sizes[0], input.sizes[0], assume)
    return Tensor((*input.axes[:2], *grid.axes[1:-1]), input.dtype)


@op(F + "pixel_shuffle", "torch.pixel_shuffle", rank_change=0, nature=Nature.VIEW)
def pixel_shuffle(input: Tensor, upscale_factor: Dim) -> Tensor:
    """(*, C * r * r, H, W) -> (*, C, H * r, W * r)."""
    channels, height, width = _places("pixel_shuffle", input)
    require_at_least(1, upscale_factor=upscale_factor)
    fewer = _divided("pixel_shuffle", channels.dim, upscale_factor * upscale_factor)
    sizes = (Axis(fewer, Role.CHANNEL), *(resized(axis, axis.dim * upscale_factor) for axis in (height, width)))
    return Tensor((*input.axes[:-3], *sizes), input.dtype)


@op(F + "pixel_unshuffle", "torch.pixel_unshuffle", rank_change=0, nature=Nature.VIEW)
def pixel_unshuffle(input: Tensor, downscale_factor: Dim) -> Tensor:
    """(*, C, H * r, W * r) -> (*, C * r * r, H, W)."""
    channels, *moved = _places("pixel_unshuffle", input)
    require_at_least(1, downscale_factor=downscale_factor)
    fewer = [resized(axis, _divided("pixel_unshuffle", axis.dim, downscale_factor)) for axis in moved]
    more = Axis(channels.dim * downscale_factor * downscale_factor, Role.CHANNEL)
    return Tensor((*input.axes[:-3], more, *fewer), input.dtype)


def pixel_shuffle_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*, C * r * r, H, W) -> (*, C, H * r, W * r)."""
    return pixel_shuffle(input, layer.get("upscale_factor", Dim))


def pixel_unshuffle_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*, C, H * r, W * r) -> (*, C * r * r, H, W)."""
    return pixel_unshuffle(input, layer.get("downscale_factor", Dim))


@layer(NN + "PixelShuffle", forward=pixel_shuffle_forward, rank_change=0, nature=Nature.VIEW)
def pixel_shuffle_layer(upscale_factor: Dim) -> None:
    """nn.PixelShuffle lays channels out as places."""


@layer(NN + "PixelUnshuffle", forward=pixel_unshuffle_forward, rank_change=0, nature=Nature.VIEW)
def pixel_unshuffle_layer(downscale_factor: Dim) -> None:
    """nn.PixelUnshuffle lays places out as channels."""


@op(F + "channel_shuffle", "torch.channel_shuffle", rank_change=0, mixes=axes_from(1), nature=Nature.ORDER)
def channel_shuffle(input: Tensor, groups: Dim) -> Tensor:
    """(B, C, *L), unchanged; groups must divide C."""
    if input.rank < 3:
        raise RankError(f"channel_shuffle needs at least 3 axes and gets a {input.rank}-D tensor")
    require_at_least(1, groups=groups)
    _divided("channel_shuffle", input.axes[1].dim, groups)
    return Tensor(input.axes, input.dtype)


def channel_shuffle_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, *L), unchanged."""
    return channel_shuffle(input, layer.get("groups", Dim))


@layer(NN + "ChannelShuffle", forward=channel_shuffle_forward, rank_change=0, mixes=axes_from(1), nature=Nature.ORDER)
def channel_shuffle_layer(groups: Dim) -> None:
    """nn.ChannelShuffle."""


@op(F + "unfold", mixes=every_axis, nature=Nature.VIEW)
def unfold(
    input: Tensor,
    kernel_size: Value,
    dilation: Value = INT_ONE,
    padding: Value = INT_ZERO,
    stride: Value = INT_ONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, H, W) -> (B, C * the kernel's places, the windows); without B too."""
    require_rank("unfold", input, 3, 4)
    each = windows(kernel_size, stride, paddings(padding, 2), dilation)
    moved = slid(input.axes[-2:], each, assume)
    inside = input.axes[-3].dim * each[0].kernel * each[1].kernel
    return Tensor((*input.axes[:-3], Axis(inside), Axis(moved[0].dim * moved[1].dim)), input.dtype)


@op(F + "fold", mixes=every_axis, nature=Nature.TOTAL)
def fold(
    input: Tensor,
    output_size: Value,
    kernel_size: Value,
    dilation: Value = INT_ONE,
    padding: Value = INT_ZERO,
    stride: Value = INT_ONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C * the kernel's places, the windows) -> (B, C, *output_size); without B too."""
    require_rank("fold", input, 2, 3)
    each = windows(kernel_size, stride, paddings(padding, 2), dilation)
    sizes = list(one_or_more(output_size))
    sizes = sizes * 2 if len(sizes) == 1 else sizes
    channels = _divided("fold", input.axes[-2].dim, each[0].kernel * each[1].kernel)
    _check_windows(input.axes[-1].dim, sizes, each, assume)
    return Tensor((*input.axes[:-2], Axis(channels, Role.CHANNEL), *map(Axis, sizes)), input.dtype)


def _check_windows(got: Dim, sizes: list[Dim], each: tuple[Window, ...], assume: Assumptions) -> None:
    """Every window of the result must be there."""
    moved = [axis.dim.constant for axis in slid(tuple(map(Axis, sizes)), each, assume)]
    numbers = [number for number in moved if number is not None]
    if len(numbers) == len(moved) and not assume.agree(got, Dim.of(prod(numbers))):
        raise SizeError("fold takes $expected windows and gets $got", expected=Dim.of(prod(numbers)), got=got)


def unfold_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C, H, W) -> (B, C * the kernel's places, the windows)."""
    return unfold(input, *_sliding(layer), assume=assume)


def fold_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C * the kernel's places, the windows) -> (B, C, *output_size)."""
    return fold(input, layer.get("output_size", Value), *_sliding(layer), assume=assume)


def _sliding(layer: Layer) -> tuple[Value, Value, Value, Value]:
    kernel_size, dilation, padding, stride = (
        layer.get(name, Value) for name in ("kernel_size", "dilation", "padding", "stride")
    )
    return kernel_size, dilation, padding, stride


@layer(NN + "Unfold", forward=unfold_forward, input_rank=4, mixes=every_axis, nature=Nature.VIEW)
def unfold_layer(
    kernel_size: Value, dilation: Value = INT_ONE, padding: Value = INT_ZERO, stride: Value = INT_ONE
) -> None:
    """nn.Unfold."""


@layer(NN + "Fold", forward=fold_forward, input_rank=3, mixes=every_axis, nature=Nature.TOTAL)
def fold_layer(
    output_size: Value,
    kernel_size: Value,
    dilation: Value = INT_ONE,
    padding: Value = INT_ZERO,
    stride: Value = INT_ONE,
) -> None:
    """nn.Fold."""
