"""Attention: nn.MultiheadAttention, nn.TransformerEncoderLayer, F.scaled_dot_product_attention.

Letters: B batch (absent for one sample), L target steps, S source steps, E features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.ops.axes import broadcast, matched
from shapelint.ops.axis_flow import Source, others
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import (
    require_at_least,
    require_features,
    require_probability,
    require_rank,
)
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, TRUE, Float, Int, Layer, Str, Tensor, Tuple, Unknown, Value

NO_DROPOUT = Float(0.0)
TENTH = Float(0.1)
EPS = Float(1e-5)
RELU = Str("relu")
WIDTH = Dim.of(2048)


def multihead_attention_forward(
    layer: Layer,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Value = NONE,
    need_weights: bool = True,
    attn_mask: Value = NONE,
    average_attn_weights: bool = True,
    is_causal: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tuple:
    """(L, B, E), (S, B, kdim), (S, B, vdim) -> (L, B, E) and the weights (B, L, S), or None."""
    embed_dim = layer.get("embed_dim", Dim)
    for name, tensor, default in (("query", query, None), ("key", key, "kdim"), ("value", value, "vdim")):
        require_rank(f"MultiheadAttention ({name})", tensor, 2, 3)
        expected = _width(layer, default, embed_dim)
        require_features(f"MultiheadAttention ({name})", tensor, expected, assume)
    if not query.rank == key.rank == value.rank:
        raise RankError("MultiheadAttention: query, key and value must all be batched, or all not")
    batch_first = layer.flag("batch_first")
    batch, target = _steps(query, batch_first)
    source = matched([_steps(tensor, batch_first)[1] for tensor in (key, value)], assume, "key and value")
    if batch:
        others = [_steps(tensor, batch_first)[0] for tensor in (key, value)]
        matched([*batch, *others[0], *others[1]], assume, "batch of query, key and value")
    output = _laid_out(batch, target, Axis(embed_dim, Role.FEATURE), batch_first)
    if not need_weights:
        return Tuple((output, NONE))
    heads = () if average_attn_weights else (Axis(layer.get("num_heads", Dim)),)
    return Tuple((output, Tensor((*batch, *heads, target, _attended(layer, source)))))


def _attended(layer: Layer, source: Axis) -> Axis:
    """Return the source steps, and one more for each of the two biases that the layer can add."""
    further = sum(layer.get(name, Value) == TRUE for name in ("add_bias_kv", "add_zero_attn"))
    return replace(source, dim=source.dim + Dim.of(further), parts=()) if further else source


@layer(
    "torch.nn.MultiheadAttention",
    forward=multihead_attention_forward,
    input_rank=3,
    mixes=others,
    nature=Nature.ATTENTION,
)
def multihead_attention(
    embed_dim: Dim,
    num_heads: Dim,
    dropout: Value = NO_DROPOUT,
    bias: Value = TRUE,
    add_bias_kv: Value = FALSE,
    add_zero_attn: Value = FALSE,
    kdim: Value = NONE,
    vdim: Value = NONE,
    batch_first: bool = False,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.MultiheadAttention: num_heads must divide embed_dim."""
    require_at_least(1, embed_dim=embed_dim, num_heads=num_heads)
    _check_heads(embed_dim, num_heads)


def _check_heads(features: Dim, heads: Dim) -> None:
    width, count = features.constant, heads.constant
    if width is not None and count and width % count:
        raise ShapeError("$got features cannot be shared by $expected heads", expected=heads, got=features)


def _width(layer: Layer, name: str | None, embed_dim: Dim) -> Dim:
    """Return the features of the query, the key or the value: embed_dim unless kdim or vdim is given."""
    given = layer.get(name, Value) if name else NONE
    return given.dim if isinstance(given, Int | Unknown) else embed_dim


def _steps(input: Tensor, batch_first: bool) -> tuple[tuple[Axis, ...], Axis]:
    """Return the batch axis, if there is one, and the time axis, as attention reads them."""
    if input.rank == 2:
        return (), replace(input.axes[0], role=Role.TIME, origin=None)
    batch, time = (0, 1) if batch_first else (1, 0)
    return (replace(input.axes[batch], role=Role.BATCH, origin=None),), replace(
        input.axes[time], role=Role.TIME, origin=None
    )


def _laid_out(batch: tuple[Axis, ...], time: Axis, features: Axis, batch_first: bool) -> Tensor:
    leading = (*batch, time) if batch_first else (time, *batch)
    return Tensor((*leading, features))


def _attended_steps(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterator[Source]:
    """Each step reads all steps, and mixes its features; samples stay apart."""
    layer, rank = bound["layer"], operands[0].rank
    repeated = layer.find("encoder_layer", Layer) or layer
    batch = None if rank == 2 else 0 if repeated.flag("batch_first") else 1
    return (Source(0, axis) for axis in range(rank) if axis != batch)


def encoder_layer_forward(
    layer: Layer,
    src: Tensor,
    src_mask: Value = NONE,
    src_key_padding_mask: Value = NONE,
    is_causal: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(L, B, d_model), or (B, L, d_model) with batch_first, unchanged."""
    require_rank(layer.name, src, 2, 3)
    require_features(layer.name, src, layer.get("d_model", Dim), assume)
    batch_first = layer.flag("batch_first")
    return _laid_out(*_steps(src, batch_first), src.axes[-1], batch_first)


@layer(
    "torch.nn.TransformerEncoderLayer",
    forward=encoder_layer_forward,
    rank_change=0,
    input_rank=3,
    mixes=_attended_steps,
    nature=Nature.ATTENTION,
)
def transformer_encoder_layer(
    d_model: Dim,
    nhead: Dim,
    dim_feedforward: Dim = WIDTH,
    dropout: Value = TENTH,
    activation: Value = RELU,
    layer_norm_eps: Value = EPS,
    batch_first: bool = False,
    norm_first: Value = FALSE,
    bias: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.TransformerEncoderLayer: nhead must divide d_model."""
    require_at_least(1, d_model=d_model, nhead=nhead)
    require_probability("dropout", dropout)
    _check_heads(d_model, nhead)


def encoder_forward(
    layer: Layer,
    src: Tensor,
    mask: Value = NONE,
    src_key_padding_mask: Value = NONE,
    is_causal: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """Do what the repeated layers do."""
    repeated = layer.get("encoder_layer", Value)
    if not isinstance(repeated, Layer) or repeated.kind != "torch.nn.TransformerEncoderLayer":
        raise Undetermined("an encoder layer that is not torch's")
    return encoder_layer_forward(repeated, src, assume=assume)


@layer(
    "torch.nn.TransformerEncoder",
    forward=encoder_forward,
    rank_change=0,
    input_rank=3,
    mixes=_attended_steps,
    nature=Nature.ATTENTION,
)
def transformer_encoder(
    encoder_layer: Value,
    num_layers: Dim,
    norm: Value = NONE,
    enable_nested_tensor: Value = TRUE,
    mask_check: Value = TRUE,
) -> None:
    """nn.TransformerEncoder repeats copies of one layer."""


@op("torch.nn.functional.scaled_dot_product_attention", rank_change=0, mixes=others, nature=Nature.ATTENTION)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Value = NONE,
    dropout_p: Value = NO_DROPOUT,
    is_causal: Value = FALSE,
    scale: Value = NONE,
    enable_gqa: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*, L, E), (*, S, E), (*, S, F) -> (*, L, F)."""
    if min(query.rank, key.rank, value.rank) < 2:
        raise RankError("scaled_dot_product_attention needs at least 2 axes: steps and features")
    if enable_gqa != FALSE:
        raise Undetermined("grouped-query attention")
    require_features("query and key", query, key.axes[-1].dim, assume)
    matched([key.axes[-2], value.axes[-2]], assume, "steps of key and value")
    leading = broadcast(assume, query.axes[:-2], key.axes[:-2], value.axes[:-2])
    return Tensor((*leading, query.axes[-2], value.axes[-1]))
