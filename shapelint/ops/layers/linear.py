"""Layers and functions that act on the last axis: Linear, Embedding, Bilinear and their functional forms."""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import matched
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import require_at_least, require_equal, require_features, require_rank
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, TRUE, Layer, Packed, Str, Tensor, Value

MEAN = Str("mean")


def linear_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(*, in_features) -> (*, out_features)."""
    require_features("Linear", input, layer.get("in_features", Dim), assume, "SHP501")
    return Tensor((*input.axes[:-1], Axis(layer.get("out_features", Dim), Role.FEATURE)))


@layer("torch.nn.Linear", forward=linear_forward, rank_change=0, nature=Nature.LINEAR)
def linear(in_features: Dim, out_features: Dim, bias: Value = TRUE, device: Value = NONE, dtype: Value = NONE) -> None:
    """nn.Linear keeps every axis but the last."""
    require_at_least(0, in_features=in_features, out_features=out_features)


@op("torch.nn.functional.linear", rank_change=0, nature=Nature.LINEAR)
def functional_linear(input: Tensor, weight: Tensor, bias: Value = NONE, *, assume: Assumptions) -> Tensor:
    """(*, in_features) and a weight (out_features, in_features) -> (*, out_features)."""
    require_rank("linear (weight)", weight, 1, 2)
    require_features("linear", input, weight.axes[-1].dim, assume, "SHP501")
    out = tuple(Axis(axis.dim, Role.FEATURE) for axis in weight.axes[:-1])
    return Tensor((*input.axes[:-1], *out))


def bilinear_forward(layer: Layer, input1: Tensor, input2: Tensor, assume: Assumptions) -> Tensor:
    """(*, in1_features), (*, in2_features) -> (*, out_features)."""
    require_features("Bilinear (input1)", input1, layer.get("in1_features", Dim), assume)
    require_features("Bilinear (input2)", input2, layer.get("in2_features", Dim), assume)
    return _bilinear(input1, input2, Axis(layer.get("out_features", Dim), Role.FEATURE), assume)


@layer("torch.nn.Bilinear", forward=bilinear_forward, rank_change=0, nature=Nature.LINEAR)
def bilinear(
    in1_features: Dim,
    in2_features: Dim,
    out_features: Dim,
    bias: Value = TRUE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.Bilinear: both inputs have the same leading axes."""
    require_at_least(1, in1_features=in1_features)
    require_at_least(0, in2_features=in2_features, out_features=out_features)


@op("torch.nn.functional.bilinear", rank_change=0, nature=Nature.LINEAR)
def functional_bilinear(
    input1: Tensor, input2: Tensor, weight: Tensor, bias: Value = NONE, *, assume: Assumptions
) -> Tensor:
    """(*, I1), (*, I2) and a weight (O, I1, I2) -> (*, O)."""
    require_rank("bilinear (weight)", weight, 3)
    require_features("bilinear (input1)", input1, weight.axes[1].dim, assume)
    require_features("bilinear (input2)", input2, weight.axes[2].dim, assume)
    return _bilinear(input1, input2, Axis(weight.axes[0].dim, Role.FEATURE), assume)


def _bilinear(input1: Tensor, input2: Tensor, out: Axis, assume: Assumptions) -> Tensor:
    if input1.rank != input2.rank:
        raise RankError(f"bilinear gets a {input1.rank}-D and a {input2.rank}-D tensor")
    pairs = zip(input1.axes[:-1], input2.axes[:-1], strict=True)
    return Tensor((*(matched(pair, assume, "bilinear") for pair in pairs), out))


def identity_forward(layer: Layer, input: Value) -> Value:
    """Whatever it gets."""
    return replace(input, ref=None) if isinstance(input, Tensor | Packed) else input


@layer("torch.nn.Identity", forward=identity_forward, rank_change=0, nature=Nature.SAME)
def identity(*args: Value, **kwargs: Value) -> None:
    """nn.Identity takes any arguments and ignores them."""


def embedding_forward(layer: Layer, input: Tensor) -> Tensor:
    """(*) ids -> (*, embedding_dim)."""
    return Tensor((*input.axes, Axis(layer.get("embedding_dim", Dim), Role.FEATURE)))


@layer("torch.nn.Embedding", forward=embedding_forward, rank_change=1, nature=Nature.LOOKUP)
def embedding(
    num_embeddings: Dim,
    embedding_dim: Dim,
    padding_idx: Value = NONE,
    max_norm: Value = NONE,
    norm_type: Value = NONE,
    scale_grad_by_freq: Value = FALSE,
    sparse: Value = FALSE,
    _weight: Value = NONE,
    _freeze: Value = FALSE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.Embedding appends a feature axis to its ids."""
    require_at_least(0, num_embeddings=num_embeddings, embedding_dim=embedding_dim)


@op("torch.nn.functional.embedding", rank_change=1, nature=Nature.LOOKUP)
def functional_embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: Value = NONE,
    max_norm: Value = NONE,
    norm_type: Value = NONE,
    scale_grad_by_freq: Value = FALSE,
    sparse: Value = FALSE,
) -> Tensor:
    """(*) ids and a weight (num_embeddings, embedding_dim) -> (*, embedding_dim)."""
    require_rank("embedding (weight)", weight, 2)
    return Tensor((*input.axes, Axis(weight.axes[1].dim, Role.FEATURE)), weight.dtype)


def embedding_bag_forward(
    layer: Layer,
    input: Tensor,
    offsets: Value = NONE,
    per_sample_weights: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, N) ids, or (N,) ids with (B,) offsets -> (B, embedding_dim)."""
    open_ended = layer.flag("include_last_offset")
    bags = _bags(input, offsets, open_ended)
    if isinstance(per_sample_weights, Tensor):
        require_rank("EmbeddingBag (per_sample_weights)", per_sample_weights, input.rank)
        for got, expected in zip(per_sample_weights.sizes, input.sizes, strict=True):
            require_equal("EmbeddingBag", "weights for each sample", got, expected, assume)
    return Tensor((bags, Axis(layer.get("embedding_dim", Dim), Role.FEATURE)))


@layer("torch.nn.EmbeddingBag", forward=embedding_bag_forward, input_rank=2, nature=Nature.LOOKUP)
def embedding_bag(
    num_embeddings: Dim,
    embedding_dim: Dim,
    max_norm: Value = NONE,
    norm_type: Value = NONE,
    scale_grad_by_freq: Value = FALSE,
    mode: Value = MEAN,
    sparse: Value = FALSE,
    _weight: Value = NONE,
    include_last_offset: bool = False,
    padding_idx: Value = NONE,
    device: Value = NONE,
    dtype: Value = NONE,
) -> None:
    """nn.EmbeddingBag sums or averages the embeddings of each bag."""
    require_at_least(0, num_embeddings=num_embeddings, embedding_dim=embedding_dim)


@op("torch.nn.functional.embedding_bag", input_rank=2, nature=Nature.LOOKUP)
def functional_embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Value = NONE,
    max_norm: Value = NONE,
    norm_type: Value = NONE,
    scale_grad_by_freq: Value = FALSE,
    mode: Value = MEAN,
    sparse: Value = FALSE,
    per_sample_weights: Value = NONE,
    include_last_offset: bool = False,
    padding_idx: Value = NONE,
) -> Tensor:
    """(B, N) ids and a weight (num_embeddings, embedding_dim) -> (B, embedding_dim)."""
    require_rank("embedding_bag (weight)", weight, 2)
    bags = _bags(input, offsets, include_last_offset)
    return Tensor((bags, Axis(weight.axes[1].dim, Role.FEATURE)), weight.dtype)


def _bags(input: Tensor, offsets: Value, open_ended: bool) -> Axis:
    require_rank("EmbeddingBag", input, 1, 2)
    if input.rank == 2:
        if isinstance(offsets, Tensor):
            raise ShapeError("EmbeddingBag takes no offsets with 2-D ids")
        return input.axes[0]
    if offsets == NONE:
        raise ShapeError("EmbeddingBag needs offsets with 1-D ids")
    if not isinstance(offsets, Tensor):
        raise Undetermined("offsets that are not known")
    require_rank("EmbeddingBag (offsets)", offsets, 1)
    count = offsets.axes[0].dim
    return Axis(count - Dim.of(1) if open_ended else count, Role.BATCH)
