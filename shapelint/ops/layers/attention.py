"""Attention: nn.MultiheadAttention and F.scaled_dot_product_attention.

Letters: B batch (absent for one sample), L target steps, S source steps, E features.
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import broadcast, matched
from shapelint.ops.axis_flow import others
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import (
    require_at_least,
    require_equal,
    require_features,
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
    batch, target = steps_of(query, batch_first)
    source = matched([steps_of(tensor, batch_first)[1] for tensor in (key, value)], assume, "key and value")
    if batch:
        others = [steps_of(tensor, batch_first)[0] for tensor in (key, value)]
        matched([*batch, *others[0], *others[1]], assume, "batch of query, key and value")
    heads = layer.get("num_heads", Dim)
    samples, steps = tuple(axis.dim for axis in batch), (target.dim, source.dim)
    each_head = (samples[0] * heads if samples else heads, *steps)
    _check_mask("attn_mask", attn_mask, steps, each_head, assume=assume)
    _check_mask("key_padding_mask", key_padding_mask, (*samples, source.dim), assume=assume)
    output = laid_out(batch, target, Axis(embed_dim, Role.FEATURE), batch_first)
    if not need_weights:
        return Tuple((output, NONE))
    each = () if average_attn_weights else (Axis(heads),)
    return Tuple((output, Tensor((*batch, *each, target, _attended(layer, source)))))


def _check_mask(name: str, mask: Value, *shapes: tuple[Dim, ...], assume: Assumptions) -> None:
    """A mask has one of some shapes, which have different numbers of axes."""
    if not isinstance(mask, Tensor):
        return
    require_rank(f"MultiheadAttention ({name})", mask, *map(len, shapes))
    wanted = next(shape for shape in shapes if len(shape) == mask.rank)
    for size, expected in zip(mask.sizes, wanted, strict=True):
        require_equal("MultiheadAttention", f"along an axis of {name}", size, expected, assume)


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
    check_heads(embed_dim, num_heads)


def check_heads(features: Dim, heads: Dim) -> None:
    """The heads must divide the features."""
    width, count = features.constant, heads.constant
    if width is not None and count and width % count:
        raise ShapeError("$got features cannot be shared by $expected heads", expected=heads, got=features)


def _width(layer: Layer, name: str | None, embed_dim: Dim) -> Dim:
    """Return the features of the query, the key or the value: embed_dim unless kdim or vdim is given."""
    given = layer.get(name, Value) if name else NONE
    return given.dim if isinstance(given, Int | Unknown) else embed_dim


def steps_of(input: Tensor, batch_first: bool) -> tuple[tuple[Axis, ...], Axis]:
    """Return the batch axis, if there is one, and the time axis, as attention reads them."""
    if input.rank == 2:
        return (), replace(input.axes[0], role=Role.TIME, origin=None)
    batch, time = (0, 1) if batch_first else (1, 0)
    return (replace(input.axes[batch], role=Role.BATCH, origin=None),), replace(
        input.axes[time], role=Role.TIME, origin=None
    )


def laid_out(batch: tuple[Axis, ...], time: Axis, features: Axis, batch_first: bool) -> Tensor:
    """(L, B, E), or (B, L, E) with `batch_first`."""
    leading = (*batch, time) if batch_first else (time, *batch)
    return Tensor((*leading, features))


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
    if isinstance(attn_mask, Tensor):
        broadcast(assume, (*leading, query.axes[-2], key.axes[-2]), attn_mask.axes)
    return Tensor((*leading, query.axes[-2], value.axes[-1]))
