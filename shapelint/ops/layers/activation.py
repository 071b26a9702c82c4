"""Activations and dropout: the layers, and those functions of torch.nn.functional that take parameters.

Nearly all keep the shape; softmax and its kin name an axis, GLU halves one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.ops.axes import position, resized, with_axis
from shapelint.ops.axis_flow import Source, axes_configured, axes_named
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, layer, op
from shapelint.ops.require import known_position, require_channels, require_probability, require_rank
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, TRUE, Float, Int, Layer, Str, Tensor, Value

F = "torch.nn.functional."
NN = "torch.nn."
HALF = Float(0.5)
NONE_STR = Str("none")
ONE = Dim.of(1)
TWO = Dim.of(2)


def same_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


_PLAIN = ("Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink")
_MAYBE_IN_PLACE = ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid")


@layer(*(NN + name for name in _PLAIN), forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def plain() -> None:
    """Activations without parameters."""


@layer(*(NN + name for name in _MAYBE_IN_PLACE), forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def maybe_in_place(inplace: Value = FALSE) -> None:
    """Activations that may write over their input."""


@layer(NN + "ELU", NN + "CELU", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def elu(alpha: Value = NONE, inplace: Value = FALSE) -> None:
    """nn.ELU and nn.CELU."""


@layer(NN + "LeakyReLU", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def leaky_relu(negative_slope: Value = NONE, inplace: Value = FALSE) -> None:
    """nn.LeakyReLU."""


@layer(NN + "RReLU", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def rrelu(lower: Value = NONE, upper: Value = NONE, inplace: Value = FALSE) -> None:
    """nn.RReLU."""


@layer(NN + "GELU", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def gelu(approximate: Value = NONE_STR) -> None:
    """nn.GELU."""


@layer(NN + "Softplus", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def softplus(beta: Value = NONE, threshold: Value = NONE) -> None:
    """nn.Softplus."""


@layer(NN + "Softshrink", NN + "Hardshrink", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def shrink(lambd: Value = HALF) -> None:
    """nn.Softshrink and nn.Hardshrink."""


@layer(NN + "Hardtanh", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def hardtanh(
    min_val: Value = NONE,
    max_val: Value = NONE,
    inplace: Value = FALSE,
    min_value: Value = NONE,
    max_value: Value = NONE,
) -> None:
    """nn.Hardtanh."""


@layer(NN + "Threshold", forward=same_forward, rank_change=0, nature=Nature.POINTWISE)
def threshold(threshold: Value, value: Value, inplace: Value = FALSE) -> None:
    """nn.Threshold."""


def prelu_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(*) or (B, C, *), unchanged."""
    return _prelu(input, layer.get("num_parameters", Dim), assume)


@layer(NN + "PReLU", forward=prelu_forward, rank_change=0, nature=Nature.POINTWISE)
def prelu_layer(num_parameters: Dim = ONE, init: Value = NONE, device: Value = NONE, dtype: Value = NONE) -> None:
    """nn.PReLU has one slope, or one for each channel."""


@op(F + "prelu", "torch.prelu", rank_change=0, nature=Nature.POINTWISE)
def prelu(input: Tensor, weight: Tensor, assume: Assumptions) -> Tensor:
    """(*) or (B, C, *), unchanged."""
    require_rank("prelu (weight)", weight, 0, 1)
    return _prelu(input, weight.axes[0].dim if weight.axes else ONE, assume)


def _prelu(input: Tensor, slopes: Dim, assume: Assumptions) -> Tensor:
    if slopes != ONE:
        if input.rank < 2:
            raise RankError(f"PReLU: {slopes} slopes for a tensor without a channel axis")
        require_channels("PReLU", input, 1, slopes, assume)
    return replace(input, ref=None)


_IN_PLACE = ("relu", "relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid")


@op(*(F + name for name in _IN_PLACE), rank_change=0, nature=Nature.POINTWISE)
def functional_in_place(input: Tensor, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(*(F + name for name in ("logsigmoid", "softsign", "tanhshrink")), rank_change=0, nature=Nature.POINTWISE)
def functional_plain(input: Tensor) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "elu", F + "celu", rank_change=0, nature=Nature.POINTWISE)
def functional_elu(input: Tensor, alpha: Value = NONE, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "leaky_relu", rank_change=0, nature=Nature.POINTWISE)
def functional_leaky_relu(input: Tensor, negative_slope: Value = NONE, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "rrelu", rank_change=0, nature=Nature.POINTWISE)
def functional_rrelu(
    input: Tensor,
    lower: Value = NONE,
    upper: Value = NONE,
    training: Value = FALSE,
    inplace: Value = FALSE,
) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "gelu", rank_change=0, nature=Nature.POINTWISE)
def functional_gelu(input: Tensor, *, approximate: Value = NONE_STR) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "softplus", rank_change=0, nature=Nature.POINTWISE)
def functional_softplus(input: Tensor, beta: Value = NONE, threshold: Value = NONE) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "softshrink", F + "hardshrink", rank_change=0, nature=Nature.POINTWISE)
def functional_shrink(input: Tensor, lambd: Value = HALF) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "hardtanh", rank_change=0, nature=Nature.POINTWISE)
def functional_hardtanh(input: Tensor, min_val: Value = NONE, max_val: Value = NONE, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@op(F + "threshold", rank_change=0, nature=Nature.POINTWISE)
def functional_threshold(input: Tensor, threshold: Value, value: Value, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged."""
    return replace(input, ref=None)


@layer(
    NN + "Dropout",
    NN + "AlphaDropout",
    NN + "FeatureAlphaDropout",
    forward=same_forward,
    rank_change=0,
    nature=Nature.DROPOUT,
)
def dropout_layer(p: Value = HALF, inplace: Value = FALSE) -> None:
    """nn.Dropout and nn.AlphaDropout."""
    require_probability("dropout", p)


def dropout1d_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, L) or (C, L), unchanged."""
    require_rank("Dropout1d", input, 2, 3)
    return replace(input, ref=None)


@layer(NN + "Dropout1d", forward=dropout1d_forward, rank_change=0, input_rank=3, nature=Nature.DROPOUT)
def dropout1d_layer(p: Value = HALF, inplace: Value = FALSE) -> None:
    """nn.Dropout1d drops whole channels."""
    require_probability("dropout", p)


@layer(NN + "Dropout2d", NN + "Dropout3d", forward=same_forward, rank_change=0, nature=Nature.DROPOUT)
def dropout2d_layer(p: Value = HALF, inplace: Value = FALSE) -> None:
    """nn.Dropout2d and nn.Dropout3d drop whole channels; torch only warns of a rank that it does not expect."""
    require_probability("dropout", p)


@op(F + "dropout", F + "dropout2d", F + "dropout3d", F + "feature_alpha_dropout", rank_change=0, nature=Nature.DROPOUT)
def dropout(input: Tensor, p: Value = HALF, training: Value = TRUE, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged."""
    require_probability("dropout", p)
    return replace(input, ref=None)


@op(F + "alpha_dropout", rank_change=0, nature=Nature.DROPOUT)
def alpha_dropout(input: Tensor, p: Value = HALF, training: Value = FALSE, inplace: Value = FALSE) -> Tensor:
    """(*), unchanged; off unless `training` is given."""
    require_probability("dropout", p)
    return replace(input, ref=None)


@op(F + "dropout1d", rank_change=0, input_rank=3, nature=Nature.DROPOUT)
def dropout1d(input: Tensor, p: Value = HALF, training: Value = TRUE, inplace: Value = FALSE) -> Tensor:
    """(B, C, L) or (C, L), unchanged."""
    require_probability("dropout", p)
    require_rank("dropout1d", input, 2, 3)
    return replace(input, ref=None)


def softmax_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*), unchanged; without `dim`, torch takes an axis (and warns)."""
    dim = layer.get("dim", Value)
    if isinstance(dim, Int):
        known_position(dim, input.rank)
    return Tensor(input.axes)


@layer(
    NN + "Softmax",
    NN + "LogSoftmax",
    NN + "Softmin",
    forward=softmax_forward,
    rank_change=0,
    mixes=axes_configured("dim"),
    nature=Nature.SOFTMAX,
)
def softmax_layer(dim: Value = NONE) -> None:
    """nn.Softmax, nn.LogSoftmax and nn.Softmin normalise along one axis."""


def _channels(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
    return (Source(0, operands[0].rank - 3),)


def softmax2d_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, C, L1, L2), unchanged."""
    require_rank("Softmax2d", input, 3, 4)
    return Tensor(input.axes)


@layer(NN + "Softmax2d", forward=softmax2d_forward, rank_change=0, input_rank=4, mixes=_channels, nature=Nature.SOFTMAX)
def softmax2d_layer(*args: Value, **kwargs: Value) -> None:
    """nn.Softmax2d normalises over the channels."""


@op(F + "softmin", rank_change=0, mixes=axes_named("dim"), nature=Nature.SOFTMAX)
def softmin(input: Tensor, dim: int | None = None, _stacklevel: Value = NONE, dtype: Value = NONE) -> Tensor:
    """(*), unchanged."""
    position(dim or 0, input.rank)
    return Tensor(input.axes)


@op(F + "gumbel_softmax", rank_change=0, mixes=axes_named("dim"), nature=Nature.SOFTMAX)
def gumbel_softmax(logits: Tensor, tau: Value = NONE, hard: Value = FALSE, eps: Value = NONE, dim: int = -1) -> Tensor:
    """(*), unchanged."""
    position(dim, logits.rank)
    return Tensor(logits.axes)


def glu_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*, 2n, *) -> (*, n, *)."""
    return glu(input, layer.get("dim", int))


@layer(NN + "GLU", forward=glu_forward, rank_change=0, nature=Nature.POINTWISE)
def glu_layer(dim: int = -1) -> None:
    """nn.GLU gates one half of an axis by the other."""


@op(F + "glu", rank_change=0, nature=Nature.POINTWISE)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """(*, 2n, *) -> (*, n, *)."""
    if not input.axes:
        raise RankError("glu needs an axis to halve")
    axis = input.axes[position(dim, input.rank)]
    length = axis.dim.constant
    if length is not None and length % 2:
        raise ShapeError(f"glu halves an axis of odd length {length}")
    return Tensor(with_axis(input, dim, resized(axis, axis.dim // TWO)))
