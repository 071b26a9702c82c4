"""Loss layers and functions: a scalar with reduction 'mean' or 'sum', the shape of the losses with 'none'.

Scores and classes whose sizes are not known to agree are not assumed to: the class axis is too often the
wrong one, and an assumption would hide that. Only what certainly differs is refused.
"""

from __future__ import annotations

from shapelint.ops.axes import Axes, broadcast, position
from shapelint.ops.binding import coerce
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError, SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.shapes.axis import SEQUENCE, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import FALSE, NONE, Dtype, Float, Int, Layer, Str, Tensor, Unknown, Value

F = "torch.nn.functional."
NN = "torch.nn."
MEAN = Str("mean")
ZERO = Float(0.0)
ONE = Float(1.0)
ONE_LONG = Dim.of(1)
IGNORED = Int(Dim.of(-100))
_REDUCTIONS = ("mean", "sum", "none", "batchmean", "elementwise_mean")  #: the last is the old name of "mean"


def reduced(each: Axes, reduction: Value, reduce: Value = NONE) -> Tensor:
    """Return the losses `each` sample has, or the scalar that they are reduced to."""
    if reduce == FALSE:
        return Tensor(each)
    if not isinstance(reduction, Str):
        raise Undetermined("a reduction that is not known")
    if reduction.value not in _REDUCTIONS:
        raise ShapeError(f"{reduction.value!r} is not a valid value for reduction")
    return Tensor(each if reduction.value == "none" else ())


def reduced_by(layer: Layer, each: Axes) -> Tensor:
    """`reduced`, as a loss layer was built for."""
    return reduced(each, layer.get("reduction", Value), layer.find("reduce", Value) or NONE)


def target_of(value: Value, rank: int, assume: Assumptions) -> Tensor:
    """The classes that a loss compares with; one that is not known must have the rank."""
    if isinstance(value, Unknown):
        raise Undetermined("a target that is not known", value, rank)
    target = coerce(value, Tensor, assume)
    assert isinstance(target, Tensor)
    return target


def check_sizes(name: str, left: Axes, right: Axes, assume: Assumptions) -> None:
    """Scores and targets must have the same sizes."""
    if len(left) != len(right):
        code = "SHP517" if _has_one_more(left, right, assume) or _has_one_more(right, left, assume) else None
        raise RankError(f"{name}: a {len(left)}-D against a {len(right)}-D tensor", code)
    for one, other in zip(left, right, strict=True):
        if assume.same(one.dim, other.dim) is Same.DIFFERENT:
            message = f"{name}: sizes $expected and $got differ"
            raise SizeError(message, expected=one.dim, got=other.dim)


def _has_one_more(longer: Axes, shorter: Axes, assume: Assumptions) -> bool:
    """Whether the longer one has an axis of size 1 behind those of the other one."""
    if len(longer) != len(shorter) + 1 or assume.resolve(longer[-1].dim) != ONE_LONG:
        return False
    pairs = zip(longer, shorter, strict=False)
    return all(assume.same(one.dim, other.dim) is not Same.DIFFERENT for one, other in pairs)


def _class_losses(name: str, input: Tensor, target: Tensor, assume: Assumptions) -> Axes:
    """(B, C, *) scores and (B, *) classes -> (B, *); the class axis is 1, or 0 for one sample."""
    if not input.axes:
        raise RankError(f"{name} needs a class axis and gets a scalar")
    _refuse_classes_last(name, input, target, assume)
    each = _without_classes(input)
    if len(each) == target.rank and all(axis.role in SEQUENCE for axis in each):
        matched_targets(each, target, assume)
    check_sizes(name, each, target.axes, assume)
    return each


def _without_classes(input: Tensor) -> Axes:
    class_axis = min(1, input.rank - 1)
    return (*input.axes[:class_axis], *input.axes[class_axis + 1 :])


def matched_targets(each: Axes, target: Tensor, assume: Assumptions) -> bool:
    """Whether a target has a class for each of these; an axis of its own size has theirs from now on."""
    pairs = [(axis.dim, own.dim) for axis, own in zip(each, target.axes, strict=True)]
    for size, own in pairs:
        told = assume.same(size, own)
        if told is Same.DIFFERENT or (told is Same.UNKNOWN and assume.resolve(own).as_symbol is None):
            return False
    return all(assume.agree(size, own) for size, own in pairs)


def _refuse_classes_last(name: str, input: Tensor, target: Tensor, assume: Assumptions) -> None:
    """(B, T, C) scores with (B, T) classes: axis 1, which torch reads as the classes, holds steps or samples."""
    roles = {axis.role for axis in input.axes[:2]}
    if input.rank != 3 or target.rank != 2 or roles != SEQUENCE or input.axes[2].role is not Role.FEATURE:
        return
    steps, classes = input.axes[1].dim, input.axes[2].dim
    told = [assume.same(target.axes[1].dim, size) for size in (steps, classes)]
    may_point = classes.constant in (1, 2) and told[0] is not Same.EQUAL  # scores of the first and the last step
    if Same.EQUAL in (told[1], assume.same(steps, classes)) or may_point:
        return
    if matched_targets(input.axes[:2], target, assume):
        message = f"{name} reads axis 1 as the classes, which are on axis 2"
        raise ShapeError(message, "SHP507", expected=classes, got=steps)


def _cross_entropies(input: Tensor, target: Value, assume: Assumptions) -> Axes:
    """Like `_class_losses`; a target with the input's own shape holds probabilities."""
    classes = target_of(target, max(input.rank - 1, 0), assume)
    if input.rank == classes.rank and classes.dtype is Dtype.FLOAT and input.rank > 0:
        check_sizes("cross entropy", input.axes, classes.axes, assume)
        return _without_classes(input)
    return _class_losses("cross entropy", input, classes, assume)


def cross_entropy_forward(layer: Layer, input: Tensor, target: Value, assume: Assumptions) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return reduced_by(layer, _cross_entropies(input, target, assume))


@layer(NN + "CrossEntropyLoss", forward=cross_entropy_forward, nature=Nature.CROSS_ENTROPY)
def cross_entropy_layer(
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    label_smoothing: Value = ZERO,
) -> None:
    """nn.CrossEntropyLoss takes scores before the softmax."""


@op(F + "cross_entropy", nature=Nature.CROSS_ENTROPY)
def cross_entropy(
    input: Tensor,
    target: Value,
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


def _nll(name: str, input: Tensor, target: Value, assume: Assumptions) -> Axes:
    return _class_losses(name, input, target_of(target, max(input.rank - 1, 0), assume), assume)


def nll_forward(layer: Layer, input: Tensor, target: Value, assume: Assumptions) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return reduced_by(layer, _nll("NLLLoss", input, target, assume))


@layer(NN + "NLLLoss", forward=nll_forward, nature=Nature.LIKELIHOOD)
def nll_layer(
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
) -> None:
    """nn.NLLLoss takes log-probabilities."""


@op(F + "nll_loss", nature=Nature.LIKELIHOOD)
def nll_loss(
    input: Tensor,
    target: Value,
    weight: Value = NONE,
    size_average: Value = NONE,
    ignore_index: Value = IGNORED,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    *,
    assume: Assumptions,
) -> Tensor:
    """(B, C, *) and (B, *) -> ()."""
    return reduced(_nll("nll_loss", input, target, assume), reduction, reduce)


def _pointwise(name: str, input: Tensor, target: Tensor, exact: bool, assume: Assumptions) -> Axes:
    """Return the axes of element by element losses; torch broadcasts (and warns) unless `exact`."""
    if exact:
        check_sizes(name, input.axes, target.axes, assume)
        return input.axes
    _refuse_extra_axis(name, input.axes, target.axes, assume)
    return broadcast(assume, input.axes, target.axes)


def _refuse_extra_axis(name: str, input: Axes, target: Axes, assume: Assumptions) -> None:
    """(B, T, 1) against (B, T): what is laid over each other is T and B; (B, 1) and (B,) are spread to (B, B)."""
    longer, shorter = (input, target) if len(input) > len(target) else (target, input)
    if len(longer) != 3 or not _has_one_more(longer, shorter, assume):
        return
    first, second = (assume.resolve(axis.dim) for axis in longer[:2])
    known = all(assume.same(one.dim, other.dim) is Same.EQUAL for one, other in zip(longer, shorter, strict=False))
    if known and first != second and ONE_LONG not in (first, second):
        raise RankError(f"{name}: a {len(input)}-D against a {len(target)}-D tensor", "SHP517")


def pointwise_forward(layer: Layer, input: Tensor, target: Tensor, assume: Assumptions) -> Tensor:
    """(*) and (*) -> ()."""
    exact = layer.name in ("BCELoss", "BCEWithLogitsLoss")
    return reduced_by(layer, _pointwise(layer.name, input, target, exact, assume))


@layer(NN + "MSELoss", NN + "L1Loss", forward=pointwise_forward, nature=Nature.LOSS)
def mse_layer(size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN) -> None:
    """nn.MSELoss and nn.L1Loss."""


@layer(NN + "BCELoss", forward=pointwise_forward, nature=Nature.EXACT_LOSS)
def bce_layer(weight: Value = NONE, size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN) -> None:
    """nn.BCELoss takes probabilities."""


@layer(NN + "BCEWithLogitsLoss", forward=pointwise_forward, nature=Nature.EXACT_LOSS)
def bce_with_logits_layer(
    weight: Value = NONE,
    size_average: Value = NONE,
    reduce: Value = NONE,
    reduction: Value = MEAN,
    pos_weight: Value = NONE,
) -> None:
    """nn.BCEWithLogitsLoss takes scores before the sigmoid."""


@layer(NN + "SmoothL1Loss", forward=pointwise_forward, nature=Nature.LOSS)
def smooth_l1_layer(
    size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN, beta: Value = ONE
) -> None:
    """nn.SmoothL1Loss."""


@layer(NN + "HuberLoss", forward=pointwise_forward, nature=Nature.LOSS)
def huber_layer(reduction: Value = MEAN, delta: Value = ONE) -> None:
    """nn.HuberLoss."""


@layer(NN + "KLDivLoss", forward=pointwise_forward, nature=Nature.DIVERGENCE)
def kl_div_layer(
    size_average: Value = NONE, reduce: Value = NONE, reduction: Value = MEAN, log_target: Value = FALSE
) -> None:
    """nn.KLDivLoss takes log-probabilities."""


@op(F + "mse_loss", F + "l1_loss", nature=Nature.LOSS)
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


@op(F + "binary_cross_entropy", nature=Nature.EXACT_LOSS)
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


@op(F + "binary_cross_entropy_with_logits", nature=Nature.EXACT_LOSS)
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


@op(F + "smooth_l1_loss", nature=Nature.LOSS)
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


@op(F + "huber_loss", nature=Nature.LOSS)
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


@op(F + "kl_div", nature=Nature.DIVERGENCE)
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


@op(F + "cosine_similarity", "torch.cosine_similarity", nature=Nature.SIMILARITY)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: Value = NONE, *, assume: Assumptions) -> Tensor:
    """(*, n, *) and (*, n, *) -> (*, *): the axis `dim` is gone."""
    axes = broadcast(assume, x1.axes, x2.axes)
    at = position(dim, len(axes))
    return Tensor((*axes[:at], *axes[at + 1 :]))


def cosine_similarity_forward(layer: Layer, x1: Tensor, x2: Tensor, assume: Assumptions) -> Tensor:
    """(*, n, *) and (*, n, *) -> (*, *)."""
    return cosine_similarity(x1, x2, layer.get("dim", int), assume=assume)


@layer(NN + "CosineSimilarity", forward=cosine_similarity_forward, nature=Nature.SIMILARITY)
def cosine_similarity_layer(dim: int = 1, eps: Value = NONE) -> None:
    """nn.CosineSimilarity."""
