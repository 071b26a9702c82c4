"""Loss layers and functions: a scalar with reduction 'mean' or 'sum', the shape of the losses with 'none'.

Scores and classes whose sizes are not known to agree are not assumed to: the class axis is too often the
wrong one, and an assumption would hide that. Only what certainly differs is refused.
"""

from __future__ import annotations

from shapelint.ops.axes import Axes, broadcast, position
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import require_rank, value_of
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import FALSE, NONE, Dtype, Float, Int, Layer, Str, Tensor, Tuple, Value

F = "torch.nn.functional."
NN = "torch.nn."
MEAN = Str("mean")
ZERO = Float(0.0)
ONE = Float(1.0)
IGNORED = Int(Dim.of(-100))
BLANK = Int(Dim.of(0))


def reduced(each: Axes, reduction: Value, reduce: Value = NONE) -> Tensor:
    """Return the losses `each` sample has, or the scalar that they are reduced to."""
    if reduce == FALSE:
        return Tensor(each)
    if not isinstance(reduction, Str):
        raise Undetermined("a reduction that is not known")
    if reduction.value not in ("mean", "sum", "none", "batchmean"):
        raise ShapeError(f"{reduction.value!r} is not a valid value for reduction")
    return Tensor(each if reduction.value == "none" else ())


def _reduced_by(layer: Layer, each: Axes) -> Tensor:
    reduce = layer.config.get("reduce", NONE)
    assert isinstance(reduce, Value)
    return reduced(each, value_of(layer, "reduction"), reduce)


def _check_sizes(name: str, left: Axes, right: Axes, assume: Assumptions) -> None:
    if len(left) != len(right):
        raise ShapeError(f"{name}: a {len(left)}-D against a {len(right)}-D tensor")
    for one, other in zip(left, right, strict=True):
        if assume.same(one.dim, other.dim) is Same.DIFFERENT:
            message = f"{name}: sizes {one.dim} and {other.dim} differ"
            raise ShapeError(message, expected=one.dim, got=other.dim)


def _class_losses(name: str, input: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    """(B, C, *) scores and (B, *) classes -> (B, *); the class axis is 1, or 0 for one sample."""
    if not input.axes:
        raise ShapeError(f"{name} needs a class axis and gets a scalar")
    class_axis = min(1, input.rank - 1)
    each = (*input.axes[:class_axis], *input.axes[class_axis + 1 :])
    _check_sizes(name, each, target.axes, assume)
    return each


def _cross_entropies(input: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    """Like `_class_losses`; a target with the input's own shape holds probabilities."""
    if input.rank == target.rank and target.dtype is Dtype.FLOAT and input.rank > 0:
        _check_sizes("cross entropy", input.axes, target.axes, assume)
        class_axis = min(1, input.rank - 1)
        return (*input.axes[:class_axis], *input.axes[class_axis + 1 :])
    return _class_losses("cross entropy", input, target, assume)


def cross_entropy_forward(layer: Layer, input: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return _reduced_by(layer, _cross_entropies(input, target, assume))


@layer(NN + "CrossEntropyLoss", forward=cross_entropy_forward)
def cross_entropy_layer(
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    label_smoothing: Value = ZERO,
) -> None:
    """nn.CrossEntropyLoss takes scores before the softmax."""


@op(F + "cross_entropy")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    label_smoothing: Value = ZERO,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return reduced(_cross_entropies(input, target, assume), reduction, reduce)


def nll_forward(layer: Layer, input: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return _reduced_by(layer, _class_losses("NLLLoss", input, target, assume))


@layer(NN + "NLLLoss", forward=nll_forward)
def nll_layer(
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
) -> None:
    """nn.NLLLoss takes log-probabilities."""


@op(F + "nll_loss")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return reduced(_class_losses("nll_loss", input, target, assume), reduction, reduce)


def _pointwise(name: str, input: Tensor, target: Tensor, exact: bool, assume: Assumptions) -> Axes:
    """Return the axes of element by element losses; torch broadcasts (and warns) unless `exact`."""
    if exact:
        _check_sizes(name, input.axes, target.axes, assume)
        return input.axes
    return broadcast(assume, input.axes, target.axes)


def pointwise_forward(layer: Layer, input: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(*) and (*) -> ()."""
    exact = layer.name in ("BCELoss", "BCEWithLogitsLoss")
    return _reduced_by(layer, _pointwise(layer.name, input, target, exact, assume))


@layer(NN + "MSELoss", NN + "L1Loss", forward=pointwise_forward)
def mse_layer(size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN) -> None:
    """nn.MSELoss and nn.L1Loss."""


@layer(NN + "BCELoss", forward=pointwise_forward)
def bce_layer(weight: Value = NONE, size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN) -> None:
    """nn.BCELoss takes probabilities."""


@layer(NN + "BCEWithLogitsLoss", forward=pointwise_forward)
def bce_with_logits_layer(
    weight: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    pos_weight: Value = NONE,
) -> None:
    """nn.BCEWithLogitsLoss takes scores before the sigmoid."""


@layer(NN + "SmoothL1Loss", forward=pointwise_forward)
def smooth_l1_layer(
    size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN, beta: Value = ONE
) -> None:
    """nn.SmoothL1Loss."""


@layer(NN + "HuberLoss", forward=pointwise_forward)
def huber_layer(reduction: Value = MEAN, delta: Value = ONE) -> None:
    """nn.HuberLoss."""


@layer(NN + "KLDivLoss", forward=pointwise_forward)
def kl_div_layer(
    size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN, log_target: Value = FALSE
) -> None:
    """nn.KLDivLoss takes log-probabilities."""


@op(F + "mse_loss", F + "l1_loss")
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    weight: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*) and (*) -> ()."""
    return reduced(_pointwise("mse_loss", input, target, False, assume), reduction, reduce)


@op(F + "binary_cross_entropy")
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*) and (*) -> ()."""
    return reduced(_pointwise("binary_cross_entropy", input, target, True, assume), reduction, reduce)


@op(F + "binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    pos_weight: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*) and (*) -> ()."""
    each = _pointwise("binary_cross_entropy_with_logits", input, target, True, assume)
    return reduced(each, reduction, reduce)


@op(F + "smooth_l1_loss")
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    beta: Value = ONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*) and (*) -> ()."""
    return reduced(_pointwise("smooth_l1_loss", input, target, False, assume), reduction, reduce)


@op(F + "huber_loss")
def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: Value = MEAN,
    delta: Value = ONE,
    weight: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*) and (*) -> ()."""
    return reduced(_pointwise("huber_loss", input, target, False, assume), reduction)


@op(F + "kl_div")
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    log_target: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(*) and (*) -> ()."""
    return reduced(_pointwise("kl_div", input, target, False, assume), reduction, reduce)


def ctc_forward(
    layer: Layer,
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Value,
    target_lengths: Value,
    assume: Assumptions,
) -> Tensor:
    """(T, B, C) log-probabilities, (B, S) or concatenated targets, (B,) lengths -> ()."""
    return _reduced_by(layer, _ctc_losses(log_probs, targets, (input_lengths, target_lengths), assume))


@layer(NN + "CTCLoss", forward=ctc_forward, input_rank=3)
def ctc_layer(blank: Value = BLANK, reduction: Value = MEAN, zero_infinity: Value = FALSE) -> None:
    """nn.CTCLoss has no batch_first."""


@op(F + "ctc_loss", input_rank=3)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Value,
    target_lengths: Value,
    blank: Value = BLANK,
    reduction: Value = MEAN,
    zero_infinity: Value = FALSE,
    *,
    assume: Assumptions,
) -> Tensor:
    """(T, B, C) log-probabilities, (B, S) or concatenated targets, (B,) lengths -> ()."""
    return reduced(_ctc_losses(log_probs, targets, (input_lengths, target_lengths), assume), reduction)


def _ctc_losses(log_probs: Tensor, targets: Tensor, lengths: tuple[Value, Value], assume: Assumptions) -> Axes:
    require_rank("CTCLoss", log_probs, 2, 3)
    require_rank("CTCLoss (targets)", targets, 1, 2)
    batch = log_probs.axes[1:-1]
    for each in lengths:
        count = _length_count(each)
        if batch and count is not None and assume.same(count, batch[0].dim) is Same.DIFFERENT:
            message = f"CTCLoss: {count} lengths for a batch of {batch[0].dim} on axis 1"
            raise ShapeError(message, expected=batch[0].dim, got=count)
    return batch


def _length_count(lengths: Value) -> Dim | None:
    if isinstance(lengths, Tensor) and lengths.rank == 1:
        return lengths.axes[0].dim
    return Dim.of(len(lengths.items)) if isinstance(lengths, Tuple) else None


@op(F + "cosine_similarity", "torch.cosine_similarity")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: Value = NONE, *, assume: Assumptions) -> Tensor:
    """(*, n, *) and (*, n, *) -> (*, *): the axis `dim` is gone."""
    axes = broadcast(assume, x1.axes, x2.axes)
    at = position(dim, len(axes))
    return Tensor((*axes[:at], *axes[at + 1 :]))


def cosine_similarity_forward(layer: Layer, x1: Tensor, x2: Tensor, assume: Assumptions) -> Tensor:
    """(*, n, *) and (*, n, *) -> (*, *)."""
    dim = layer.config["dim"]
    assert isinstance(dim, int)
    return cosine_similarity(x1, x2, dim, assume=assume)


@layer(NN + "CosineSimilarity", forward=cosine_similarity_forward)
def cosine_similarity_layer(dim: int = 1, eps: Value = NONE) -> None:
    """nn.CosineSimilarity."""
