"""nn.Transformer and its parts.

Letters: B batch (absent for one sample), S source steps, T target steps, E features (d_model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shapelint.ops.axes import matched
from shapelint.ops.axis_flow import Source, every_axis
from shapelint.ops.layers.attention import EPS, RELU, TENTH, WIDTH, check_heads, laid_out, steps_of
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, Undetermined, layer
from shapelint.ops.require import require_at_least, require_features, require_probability, require_rank
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, TRUE, Layer, Tensor, Value

SIX = Dim.of(6)
EIGHT = Dim.of(8)
MODEL = Dim.of(512)


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
    return laid_out(*steps_of(src, batch_first), src.axes[-1], batch_first)


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


def decoder_layer_forward(
    layer: Layer,
    tgt: Tensor,
    memory: Tensor,
    tgt_mask: Value = NONE,
    memory_mask: Value = NONE,
    tgt_key_padding_mask: Value = NONE,
    memory_key_padding_mask: Value = NONE,
    tgt_is_causal: Value = FALSE,
    memory_is_causal: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(T, B, E) and (S, B, E) -> (T, B, E); with batch_first the batch stands first in all."""
    return _decoded(layer, tgt, memory, layer.get("d_model", Dim), assume)


def _decoded(layer: Layer, target: Tensor, memory: Tensor, width: Dim, assume: Assumptions) -> Tensor:
    """What attends from the target to the memory is as long as the target."""
    for name, one in (("target", target), ("memory", memory)):
        require_rank(f"{layer.name} ({name})", one, 2, 3)
        require_features(f"{layer.name} ({name})", one, width, assume)
    if target.rank != memory.rank:
        raise RankError(f"{layer.name}: a {target.rank}-D target and a {memory.rank}-D memory")
    batch_first = layer.flag("batch_first")
    batch, time = steps_of(target, batch_first)
    if batch:
        matched([*batch, *steps_of(memory, batch_first)[0]], assume, "batch of target and memory")
    return laid_out(batch, time, target.axes[-1], batch_first)


@layer(
    "torch.nn.TransformerDecoderLayer",
    forward=decoder_layer_forward,
    rank_change=0,
    input_rank=3,
    mixes=every_axis,
    nature=Nature.ATTENTION,
)
@layer(
    "torch.nn.TransformerEncoderLayer",
    forward=encoder_layer_forward,
    rank_change=0,
    input_rank=3,
    mixes=_attended_steps,
    nature=Nature.ATTENTION,
)
def transformer_layer(
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
    """nn.TransformerEncoderLayer and nn.TransformerDecoderLayer: nhead must divide d_model."""
    require_at_least(1, d_model=d_model, nhead=nhead)
    require_probability("dropout", dropout)
    check_heads(d_model, nhead)


def decoder_forward(
    layer: Layer,
    tgt: Tensor,
    memory: Tensor,
    tgt_mask: Value = NONE,
    memory_mask: Value = NONE,
    tgt_key_padding_mask: Value = NONE,
    memory_key_padding_mask: Value = NONE,
    tgt_is_causal: Value = NONE,
    memory_is_causal: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """Do what the repeated layers do."""
    repeated = layer.get("decoder_layer", Value)
    if not isinstance(repeated, Layer) or repeated.kind != "torch.nn.TransformerDecoderLayer":
        raise Undetermined("a decoder layer that is not torch's")
    return decoder_layer_forward(repeated, tgt, memory, assume=assume)


@layer(
    "torch.nn.TransformerDecoder",
    forward=decoder_forward,
    rank_change=0,
    input_rank=3,
    mixes=every_axis,
    nature=Nature.ATTENTION,
)
def transformer_decoder(decoder_layer: Value, num_layers: Dim, norm: Value = NONE) -> None:
    """nn.TransformerDecoder repeats copies of one layer."""


def transformer_forward(
    layer: Layer,
    src: Tensor,
    tgt: Tensor,
    src_mask: Value = NONE,
    tgt_mask: Value = NONE,
    memory_mask: Value = NONE,
    src_key_padding_mask: Value = NONE,
    tgt_key_padding_mask: Value = NONE,
    memory_key_padding_mask: Value = NONE,
    src_is_causal: Value = NONE,
    tgt_is_causal: Value = NONE,
    memory_is_causal: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(S, B, E) and (T, B, E) -> (T, B, E); with batch_first the batch stands first in all."""
    if layer.get("custom_encoder", Value) != NONE or layer.get("custom_decoder", Value) != NONE:
        raise Undetermined("an encoder or decoder that is not torch's")
    return _decoded(layer, tgt, src, layer.get("d_model", Dim), assume)


@layer("torch.nn.Transformer", forward=transformer_forward, mixes=every_axis, nature=Nature.ATTENTION)
def transformer(
    d_model: Dim = MODEL,
    nhead: Dim = EIGHT,
    num_encoder_layers: Dim = SIX,
    num_decoder_layers: Dim = SIX,
    dim_feedforward: Dim = WIDTH,
    dropout: Value = TENTH,
    activation: Value = RELU,
    custom_encoder: Value = NONE,
    custom_decoder: Value = NONE,
    layer_norm_eps: Value = EPS,
    batch_first: bool = False,
    norm_first: Value = FALSE,
    bias: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.Transformer: nhead must divide d_model."""
    require_at_least(1, d_model=d_model, nhead=nhead)
    require_probability("dropout", dropout)
    check_heads(d_model, nhead)
