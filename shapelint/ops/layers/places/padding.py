"""Padding: F.pad, and nn.ZeroPad2d, nn.ReflectionPad2d and so on.

Letters: B batch (absent for one sample), C channels, L the length of an axis that is padded.
"""

from __future__ import annotations

from shapelint.ops.axes import resized
from shapelint.ops.layers.places.windows import moved_axes, unknown_length
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import ShapeError, Undetermined, layer, op
from shapelint.ops.require import one_or_more, require_rank
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import listed
from shapelint.shapes.value import NONE, Layer, List, Str, Tensor, Tuple, Unknown, Value

CONSTANT = Str("constant")
NN = "torch.nn."
_FURTHEST = {"Reflection": Dim.of(1), "Circular": Dim.of(0)}  #: how much shorter than the axis a padding must be


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


def pad_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, *L) -> (B, C, *(before + L + after))."""
    moved, padding = moved_axes(layer.name), layer.get("padding", Value)
    every = padding if isinstance(padding, List | Tuple) else Tuple((padding,) * 2 * moved)
    kind = layer.name[: -len("Pad1d")]
    if kind not in ("Zero", "Constant"):
        require_rank(layer.name, input, moved + 1, moved + 2)
    if kind in _FURTHEST:
        _check_furthest(input, every, _FURTHEST[kind])
    return pad(input, every)


def _check_furthest(input: Tensor, padding: Value, shorter: Dim) -> None:
    """What is put at the ends of an axis is taken from the axis."""
    for axis, pair in zip(reversed(input.axes), _pairs(padding), strict=False):
        for size in pair:
            if size is not None and (size + shorter - axis.dim).is_positive():
                raise ShapeError(f"a padding of {size} is too long for an axis of $got", got=axis.dim)


@layer(
    *(f"{NN}{kind}Pad{axes}d" for kind in ("Zero", "Reflection", "Replication", "Circular") for axes in (1, 2, 3)),
    forward=pad_forward,
    rank_change=0,
    nature=Nature.PADDING,
)
def pad_layer(padding: Value) -> None:
    """nn.ZeroPad1d and its kin lengthen the last axes."""


@layer(*(f"{NN}ConstantPad{axes}d" for axes in (1, 2, 3)), forward=pad_forward, rank_change=0, nature=Nature.PADDING)
def constant_pad_layer(padding: Value, value: Value) -> None:
    """nn.ConstantPad1d and its kin lengthen the last axes."""
