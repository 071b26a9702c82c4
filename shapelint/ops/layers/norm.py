"""Normalisation: LayerNorm, RMSNorm, BatchNorm, GroupNorm, InstanceNorm and F.layer_norm and so on.

None of them changes a shape; they differ in which axis must have which size.
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import position
from shapelint.ops.axis_flow import all_but, axes_from, axes_named, last_axes
from shapelint.ops.layers.places.windows import moved_axes
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, layer, op
from shapelint.ops.require import (
    one_or_more,
    require_at_least,
    require_channels,
    require_equal,
    require_rank,
)
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, TRUE, Float, Layer, NoneValue, Tensor, Value

EPS = Float(1e-5)
TINY = Float(1e-12)
MOMENTUM = Float(0.1)
TWO = Float(2.0)


def _same(input: Tensor) -> Tensor:
    return replace(input, ref=None)


def over_last(name: str, input: Tensor, normalized_shape: Value, assume: Assumptions) -> Tensor:
    """Check that the last axes are `normalized_shape`."""
    shape = one_or_more(normalized_shape)
    if not shape or input.rank < len(shape):
        raise RankError(f"{name} over {len(shape)} axes gets a {input.rank}-D tensor")
    for axis, expected in zip(input.axes[-len(shape) :], shape, strict=True):
        require_equal(name, "features", axis.dim, expected, assume)
    return _same(input)


def over_last_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(*, *normalized_shape), unchanged."""
    return over_last(layer.name, input, layer.get("normalized_shape", Value), assume)


@layer(
    "torch.nn.LayerNorm",
    forward=over_last_forward,
    rank_change=0,
    mixes=last_axes("normalized_shape"),
    nature=Nature.NORM,
)
def layer_norm_layer(
    normalized_shape: Value,
    eps: Value = EPS,
    elementwise_affine: Value = TRUE,
    bias: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.LayerNorm."""


@layer(
    "torch.nn.RMSNorm",
    forward=over_last_forward,
    rank_change=0,
    mixes=last_axes("normalized_shape"),
    nature=Nature.NORM,
)
def rms_norm_layer(
    normalized_shape: Value,
    eps: Value = NONE,
    elementwise_affine: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.RMSNorm."""


@op("torch.nn.functional.layer_norm", rank_change=0, mixes=last_axes("normalized_shape"), nature=Nature.NORM)
def layer_norm(
    input: Tensor,
    normalized_shape: Value,
    weight: Value = NONE,
    bias: Value = NONE,
    eps: Value = EPS,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*, *normalized_shape), unchanged."""
    return over_last("layer_norm", input, normalized_shape, assume)


@op("torch.nn.functional.rms_norm", rank_change=0, mixes=last_axes("normalized_shape"), nature=Nature.NORM)
def rms_norm(
    input: Tensor, normalized_shape: Value, weight: Value = NONE, eps: Value = NONE, *, assume: Assumptions
) -> Tensor:
    """(*, *normalized_shape), unchanged."""
    return over_last("rms_norm", input, normalized_shape, assume)


def _has_parameters(layer: Layer) -> bool:
    """Whether the layer holds a tensor of num_features values, which is what torch compares."""
    return layer.flag("affine") or layer.flag("track_running_stats")


def batch_norm_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C, *L), unchanged; nn.BatchNorm1d takes (B, C) too."""
    moved = moved_axes(layer.name)
    require_rank(layer.name, input, *((2, 3) if moved == 1 else (moved + 2,)))
    if _has_parameters(layer):
        require_channels(layer.name, input, 1, layer.get("num_features", Dim), assume)
    return _same(input)


@layer(
    "torch.nn.BatchNorm3d",
    forward=batch_norm_forward,
    rank_change=0,
    input_rank=5,
    mixes=all_but(1),
    nature=Nature.NORM,
)
@layer(
    "torch.nn.BatchNorm2d",
    forward=batch_norm_forward,
    rank_change=0,
    input_rank=4,
    mixes=all_but(1),
    nature=Nature.NORM,
)
@layer("torch.nn.BatchNorm1d", forward=batch_norm_forward, rank_change=0, mixes=all_but(1), nature=Nature.NORM)
def batch_norm_layer(
    num_features: Dim,
    eps: Value = EPS,
    momentum: Value = MOMENTUM,
    affine: Value = TRUE,
    track_running_stats: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
    *,
    bias: Value = TRUE,
) -> None:
    """nn.BatchNorm1d to 3d normalise each channel, which are on axis 1."""
    require_at_least(0, num_features=num_features)


@op("torch.nn.functional.batch_norm", rank_change=0, mixes=all_but(1), nature=Nature.NORM)
def batch_norm(
    input: Tensor,
    running_mean: Value,
    running_var: Value,
    weight: Value = NONE,
    bias: Value = NONE,
    training: Value = FALSE,
    momentum: Value = MOMENTUM,
    eps: Value = EPS,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *), unchanged."""
    for values in (running_mean, running_var, weight, bias):
        if isinstance(values, Tensor) and values.rank == 1 and input.rank > 1:
            require_channels("batch_norm", input, 1, values.axes[0].dim, assume)
    return _same(input)


def instance_norm_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(C, *L) or (B, C, *L), unchanged."""
    moved = moved_axes(layer.name)
    require_rank(layer.name, input, moved + 1, moved + 2)
    if _has_parameters(layer):
        require_channels(layer.name, input, input.rank - moved - 1, layer.get("num_features", Dim), assume)
    return _same(input)


@layer(
    "torch.nn.InstanceNorm3d",
    forward=instance_norm_forward,
    rank_change=0,
    input_rank=5,
    mixes=axes_from(-3),
    nature=Nature.NORM,
)
@layer(
    "torch.nn.InstanceNorm2d",
    forward=instance_norm_forward,
    rank_change=0,
    input_rank=4,
    mixes=axes_from(-2),
    nature=Nature.NORM,
)
@layer(
    "torch.nn.InstanceNorm1d",
    forward=instance_norm_forward,
    rank_change=0,
    input_rank=3,
    mixes=axes_from(-1),
    nature=Nature.NORM,
)
def instance_norm_layer(
    num_features: Dim,
    eps: Value = EPS,
    momentum: Value = MOMENTUM,
    affine: Value = FALSE,
    track_running_stats: Value = FALSE,
    device: Value = NONE,
    dtype: Value = NONE,
    *,
    bias: Value = TRUE,
) -> None:
    """nn.InstanceNorm1d to 3d; without parameters, as by default, it takes any number of channels."""
    require_at_least(0, num_features=num_features)


@op("torch.nn.functional.instance_norm", rank_change=0, input_rank=3, mixes=axes_from(2), nature=Nature.NORM)
def instance_norm(
    input: Tensor,
    running_mean: Value = NONE,
    running_var: Value = NONE,
    weight: Value = NONE,
    bias: Value = NONE,
    use_input_stats: Value = TRUE,
    momentum: Value = MOMENTUM,
    eps: Value = EPS,
) -> Tensor:
    """(B, C, *), unchanged."""
    return _same(input)


def local_response_norm_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, *L), unchanged."""
    return local_response_norm(input, layer.get("size", Value))


@layer(
    "torch.nn.LocalResponseNorm",
    forward=local_response_norm_forward,
    rank_change=0,
    mixes=axes_from(1),
    nature=Nature.NORM,
)
def local_response_norm_layer(size: Value, alpha: Value = NONE, beta: Value = NONE, k: Value = NONE) -> None:
    """nn.LocalResponseNorm."""


@op("torch.nn.functional.local_response_norm", rank_change=0, mixes=axes_from(1), nature=Nature.NORM)
def local_response_norm(input: Tensor, size: Value, alpha: Value = NONE, beta: Value = NONE, k: Value = NONE) -> Tensor:
    """(B, C, *L), unchanged: each channel is divided by those beside it."""
    if input.rank < 3:
        raise RankError(f"local_response_norm needs at least 3 axes and gets a {input.rank}-D tensor")
    return _same(input)


def group_norm_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(B, C, *), unchanged."""
    _check_groups("GroupNorm", input, layer.get("num_groups", Dim))
    if layer.flag("affine"):
        require_channels("GroupNorm", input, 1, layer.get("num_channels", Dim), assume)
    return _same(input)


@layer("torch.nn.GroupNorm", forward=group_norm_forward, rank_change=0, mixes=axes_from(1), nature=Nature.NORM)
def group_norm_layer(
    num_groups: Dim,
    num_channels: Dim,
    eps: Value = EPS,
    affine: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
    *,
    bias: Value = TRUE,
) -> None:
    """nn.GroupNorm: num_groups must divide num_channels."""
    require_at_least(1, num_groups=num_groups)
    _check_divides(num_groups, num_channels)


@op("torch.nn.functional.group_norm", rank_change=0, mixes=axes_from(1), nature=Nature.NORM)
def group_norm(input: Tensor, num_groups: Dim, weight: Value = NONE, bias: Value = NONE, eps: Value = EPS) -> Tensor:
    """(B, C, *), unchanged."""
    require_at_least(1, num_groups=num_groups)
    _check_groups("group_norm", input, num_groups)
    return _same(input)


def _check_groups(name: str, input: Tensor, num_groups: Dim) -> None:
    if input.rank < 2:
        raise RankError(f"{name} needs at least 2 axes and gets a {input.rank}-D tensor")
    _check_divides(num_groups, input.axes[1].dim)
    if all(size == Dim.of(1) for size in (*input.sizes[:1], *input.sizes[2:])) and input.sizes[1] == num_groups:
        raise ShapeError(f"{name} needs more than 1 value in each group and gets a tensor of {num_groups} in all")


def _check_divides(num_groups: Dim, channels: Dim) -> None:
    groups, count = num_groups.constant, channels.constant
    if groups and count is not None and count % groups:
        raise ShapeError("$got channels cannot be cut into $expected groups", expected=num_groups, got=channels)


@op("torch.nn.functional.normalize", rank_change=0, mixes=axes_named("dim"), nature=Nature.NORM)
def normalize(input: Tensor, p: Value = TWO, dim: int = 1, eps: Value = TINY, out: NoneValue = NONE) -> Tensor:
    """(*), unchanged; `dim` is the axis along which the norm becomes 1."""
    position(dim, input.rank)
    return _same(input)
