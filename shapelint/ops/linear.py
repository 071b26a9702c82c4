"""Layers and functions that act on the last axis: Linear, Embedding, Bilinear and their functional forms."""

from __future__ import annotations

from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import NONE, TRUE, Dtype, Layer, Tensor, Value


def linear_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(*, in_features) -> (*, out_features)."""
    wanted = layer.config["in_features"]
    out = layer.config["out_features"]
    assert isinstance(wanted, Dim) and isinstance(out, Dim)
    if not input.axes:
        raise Undetermined("a scalar")
    if not assume.agree(input.axes[-1].dim, wanted):
        raise ShapeError(
            f"Linear expects {wanted} features and gets {input.axes[-1].dim}",
            code="SHP501",
            expected=wanted,
            got=input.axes[-1].dim,
        )
    return Tensor((*input.axes[:-1], Axis(out, Role.FEATURE)))


@layer("torch.nn.Linear", forward=linear_forward, rank_change=0)
def linear(
    in_features: Dim, out_features: Dim, bias: Value = TRUE, device: Value = NONE, dtype: Value = NONE
) -> None:
    """nn.Linear keeps every axis but the last."""


def embedding_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*) ids -> (*, embedding_dim)."""
    width = layer.config["embedding_dim"]
    assert isinstance(width, Dim)
    return Tensor((*input.axes, Axis(width, Role.FEATURE)), Dtype.FLOAT)


@layer("torch.nn.Embedding", forward=embedding_forward, rank_change=1)
def embedding(
    num_embeddings: Dim,
    embedding_dim: Dim,
    padding_idx: Value = NONE,
    max_norm: Value = NONE,
    norm_type: Value = NONE,
    scale_grad_by_freq: Value = NONE,
    sparse: Value = NONE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.Embedding appends a feature axis to its ids."""
