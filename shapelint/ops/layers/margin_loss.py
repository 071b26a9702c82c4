"""Losses of margins and of other distributions: nn.TripletMarginLoss, nn.CosineEmbeddingLoss, nn.MultiMarginLoss, ...

Letters: B batch (absent for one sample), C classes, D features.
"""

from __future__ import annotations

from shapelint.ops.axes import Axes, broadcast
from shapelint.ops.layers.loss import MEAN, NN, F, check_sizes, pointwise_forward, reduced, reduced_by
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, layer, op
from shapelint.shapes.value import FALSE, NONE, TRUE, Layer, Tensor, Value


@layer(NN + "HingeEmbeddingLoss", forward=pointwise_forward, nature=Nature.LOSS)
def hinge_embedding_layer(
    margin: Value = NONE, size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN
) -> None:
    """nn.HingeEmbeddingLoss."""


@layer(NN + "PoissonNLLLoss", forward=pointwise_forward, nature=Nature.LOSS)
def poisson_nll_layer(
    log_input: Value = TRUE,
    full: Value = FALSE,
    size_average: Value = NONE,
    eps: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
) -> None:
    """nn.PoissonNLLLoss."""


def margin_ranking_forward(layer: Layer, input1: Tensor, input2: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(*), (*) and (*) -> ()."""
    return reduced_by(layer, _ranked(input1, input2, target, assume))


def _ranked(input1: Tensor, input2: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    if not input1.rank == input2.rank == target.rank:
        raise RankError(f"margin_ranking_loss: {input1.rank}-D, {input2.rank}-D and {target.rank}-D tensors")
    return broadcast(assume, input1.axes, input2.axes, target.axes)


@layer(NN + "MarginRankingLoss", forward=margin_ranking_forward, nature=Nature.LOSS)
def margin_ranking_layer(
    margin: Value = NONE, size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN
) -> None:
    """nn.MarginRankingLoss."""


@op(F + "margin_ranking_loss", nature=Nature.LOSS)
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*), (*) and (*) -> ()."""
    return reduced(_ranked(input1, input2, target, assume), reduction, reduce)


def triplet_margin_forward(
    layer: Layer, anchor: Tensor, positive: Tensor, negative: Tensor, assume: Assumptions
) -> Tensor:
    """(B, D), (B, D) and (B, D) -> ()."""
    return reduced_by(layer, _apart(anchor, positive, negative, assume))


def _apart(anchor: Tensor, positive: Tensor, negative: Tensor, assume: Assumptions) -> Axes:
    if not anchor.rank == positive.rank == negative.rank:
        raise RankError(f"triplet_margin_loss: {anchor.rank}-D, {positive.rank}-D and {negative.rank}-D tensors")
    return broadcast(assume, anchor.axes, positive.axes, negative.axes)[:-1]


@layer(NN + "TripletMarginLoss", forward=triplet_margin_forward, nature=Nature.LOSS)
def triplet_margin_layer(
    margin: Value = NONE,
    p: Value = NONE,
    eps: Value = NONE,
    swap: Value = FALSE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
) -> None:
    """nn.TripletMarginLoss."""


@op(F + "triplet_margin_loss", nature=Nature.LOSS)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: Value = NONE,
    p: Value = NONE,
    eps: Value = NONE,
    swap: Value = FALSE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, D), (B, D) and (B, D) -> ()."""
    return reduced(_apart(anchor, positive, negative, assume), reduction, reduce)


def cosine_embedding_forward(
    layer: Layer, input1: Tensor, input2: Tensor, target: Tensor, assume: Assumptions
) -> Tensor:
    """(B, D), (B, D) and (B) -> ()."""
    return reduced_by(layer, _aligned(input1, input2, target, assume))


def _aligned(input1: Tensor, input2: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    if target.rank not in (0, 1) or not input1.rank == input2.rank == target.rank + 1:
        ranks = f"{input1.rank}-D, {input2.rank}-D and {target.rank}-D tensors"
        raise RankError(f"cosine_embedding_loss takes (B, D), (B, D) and (B,), not {ranks}")
    each = broadcast(assume, input1.axes, input2.axes)[:-1]
    return broadcast(assume, each, target.axes)


@layer(NN + "CosineEmbeddingLoss", forward=cosine_embedding_forward, nature=Nature.LOSS)
def cosine_embedding_layer(
    margin: Value = NONE, size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN
) -> None:
    """nn.CosineEmbeddingLoss."""


@op(F + "cosine_embedding_loss", nature=Nature.LOSS)
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, D), (B, D) and (B) -> ()."""
    return reduced(_aligned(input1, input2, target, assume), reduction, reduce)


def _margins(name: str, input: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    """(B, C) scores and (B,) classes -> (B,); without B too."""
    if input.rank not in (1, 2) or target.rank != input.rank - 1:
        raise RankError(f"{name} takes (B, C) and (B,), not a {input.rank}-D and a {target.rank}-D tensor")
    check_sizes(name, input.axes[:-1], target.axes, assume)
    return input.axes[:-1]


def multi_margin_forward(layer: Layer, input: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(B, C) and (B) -> ()."""
    return reduced_by(layer, _margins("MultiMarginLoss", input, target, assume))


@layer(NN + "MultiMarginLoss", forward=multi_margin_forward, nature=Nature.LOSS)
def multi_margin_layer(
    p: Value = NONE,
    margin: Value = NONE,
    weight: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
) -> None:
    """nn.MultiMarginLoss."""


def _labels(name: str, input: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    """(B, C) and (B, C) -> (B,)."""
    if input.rank not in (1, 2):
        raise RankError(f"{name} takes (B, C) and (B, C), not a {input.rank}-D tensor")
    check_sizes(name, input.axes, target.axes, assume)
    return input.axes[:-1]


def multi_label_forward(layer: Layer, input: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(B, C) and (B, C) -> ()."""
    return reduced_by(layer, _labels(layer.name, input, target, assume))


@layer(NN + "MultiLabelMarginLoss", forward=multi_label_forward, nature=Nature.LOSS)
def multi_label_margin_layer(size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN) -> None:
    """nn.MultiLabelMarginLoss."""
