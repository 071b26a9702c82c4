"""Layers that only lay out again: nn.Flatten, nn.Unflatten, and padding (F.pad, nn.ZeroPad1d and so on)."""

from __future__ import annotations

from shapelint.ops.axes import ONE, resized
from shapelint.ops.layers.windows import unknown_length
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, Sizes, Undetermined, layer, op
from shapelint.ops.require import one_or_more, require_rank
from shapelint.ops.tensors.view import flatten, unflatten
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed
from shapelint.shapes.value import NONE, Float, Layer, List, Str, Tensor, Tuple, Unknown, Value

CONSTANT = Str("constant")
ZERO = Float(0.0)


def flatten_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, *) -> (B, product of the others)."""
    return flatten(input, layer.get("start_dim", int), layer.get("end_dim", int))


@layer("torch.nn.Flatten", forward=flatten_forward, nature=Nature.VIEW)
def flatten_layer(start_dim: int = 1, end_dim: int = -1) -> None:
    """nn.Flatten keeps the batch axis, unless it is told otherwise."""


def unflatten_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(*, n, *) -> (*, *unflattened_size, *)."""
    return unflatten(input, layer.get("dim", int), layer.get("unflattened_size", Sizes), assume)


@layer("torch.nn.Unflatten", forward=unflatten_forward, nature=Nature.VIEW)
def unflatten_layer(dim: int, unflattened_size: Sizes) -> None:
    """nn.Unflatten."""


@op("torch.nn.functional.pad", rank_change=0, nature=Nature.PADDING)
def pad(input: Tensor, pad: Value, mode: Value = CONSTANT, value: Value = NONE) -> Tensor:
    """Lengthen the last axes: `pad` is (before, after) of the last axis, then of the one before it."""
    if isinstance(pad, Unknown):
        raise Undetermined("padding that is not known")
    pairs = _pairs(pad)
    if len(pairs) > input.rank:
        raise RankError(f"pad: {len(pairs)} pairs for a {input.rank}-D tensor")
    if mode != CONSTANT and not _mirrors(len(pairs), input.rank):
        raise RankError("pad: this mode pads the last axes of a batch of channels only")
    kept = input.axes[: input.rank - len(pairs)]
    padded = zip(input.axes[len(kept) :], reversed(pairs), strict=True)
    return Tensor((*kept, *(_padded(axis, pair) for axis, pair in padded)), input.dtype)


def _mirrors(pairs: int, rank: int) -> bool:
    """Whether torch reflects, replicates or wraps that many of the last axes."""
    return pairs in (rank - 1, rank - 2) and 1 <= pairs <= 3


def _pairs(pad: Value) -> list[tuple[Dim | None, Dim | None]]:
    """(before, after) for each padded axis, the last axis first; None where it is not known."""
    given = listed(pad)
    if given is None:
        raise Undetermined("padding that is not known")
    sizes = [None if isinstance(item, Unknown) else one_or_more(item)[0] for item in given]
    if len(sizes) % 2:
        raise ShapeError("pad: an even number of sizes is needed")
    return list(zip(sizes[::2], sizes[1::2], strict=True))


def _padded(axis: Axis, pair: tuple[Dim | None, Dim | None]) -> Axis:
    before, after = pair
    if before is None or after is None:
        return resized(axis, unknown_length("pad", axis.dim))
    length = axis.dim + before + after
    if (-length).is_positive():
        raise ShapeError(f"pad: the axis would have a length of {length}")
    return resized(axis, length)


def pad1d_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, L) -> (B, C, before + L + after)."""
    padding = layer.get("padding", Value)
    both = padding if isinstance(padding, List | Tuple) else Tuple((padding, padding))
    if layer.name == "ReflectionPad1d":
        _check_reflection(input, both)
    return pad(input, both)


def _check_reflection(input: Tensor, padding: Value) -> None:
    require_rank("ReflectionPad1d", input, 2, 3)
    for size in (size for pair in _pairs(padding) for size in pair):
        if size is not None and (size - input.axes[-1].dim + ONE).is_positive():
            raise ShapeError("a reflection must be shorter than the axis")


@layer("torch.nn.ZeroPad1d", "torch.nn.ReflectionPad1d", forward=pad1d_forward, rank_change=0, nature=Nature.PADDING)
def pad1d(padding: Value) -> None:
    """nn.ZeroPad1d and nn.ReflectionPad1d lengthen the last axis."""


@layer("torch.nn.ConstantPad1d", forward=pad1d_forward, rank_change=0, nature=Nature.PADDING)
def constant_pad1d(padding: Value, value: Value) -> None:
    """nn.ConstantPad1d lengthens the last axis."""
