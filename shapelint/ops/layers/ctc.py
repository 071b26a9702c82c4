"""The CTC loss: log-probabilities with the time first, whatever the layers before it take."""

from __future__ import annotations

from shapelint.ops.axes import Axes
from shapelint.ops.layers.loss import MEAN, NN, F, reduced, reduced_by, target_of
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, layer, op
from shapelint.ops.require import require_rank
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import FALSE, Int, Layer, Tensor, Tuple, Unknown, Value

BLANK = Int(Dim.of(0))


def ctc_forward(
    layer: Layer,
    log_probs: Tensor,
    targets: Value,
    input_lengths: Value,
    target_lengths: Value,
    assume: Assumptions,
) -> Tensor:
    """(T, B, C) log-probabilities, (B, S) or concatenated targets, (B,) lengths -> ()."""
    return reduced_by(layer, _ctc_losses(log_probs, targets, (input_lengths, target_lengths), assume))


@layer(NN + "CTCLoss", forward=ctc_forward, input_rank=3, nature=Nature.SEQUENCE_LOSS)
def ctc_layer(blank: Value = BLANK, reduction: Value = MEAN, zero_infinity: Value = FALSE) -> None:
    """nn.CTCLoss has no batch_first."""


@op(F + "ctc_loss", input_rank=3, nature=Nature.SEQUENCE_LOSS)
def ctc_loss(
    log_probs: Tensor,
    targets: Value,
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


def _ctc_losses(log_probs: Tensor, targets: Value, lengths: tuple[Value, Value], assume: Assumptions) -> Axes:
    require_rank("CTCLoss", log_probs, 2, 3)
    classes = target_of(targets, 2, assume)
    require_rank("CTCLoss (targets)", classes, 1, 2)
    counts = [count for each in lengths if (count := _length_count(each)) is not None]
    rows = [*counts, *classes.sizes[: classes.rank - 1]]
    if [axis.role for axis in log_probs.axes[:-1]] == [Role.BATCH, Role.TIME]:
        _refuse_batch_first(log_probs, rows, assume)
    batch = log_probs.axes[1:-1]
    for count in counts:
        if batch and assume.same(count, batch[0].dim) is Same.DIFFERENT:
            message = "CTCLoss: $got lengths for a batch of $expected on axis 1"
            raise SizeError(message, expected=batch[0].dim, got=count)
    if batch and batch[0].role is Role.BATCH:
        _tie(rows, batch[0].dim, assume)
    return batch


def _tie(rows: list[Dim], batch: Dim, assume: Assumptions) -> bool:
    """Lengths and targets are one for each sample; whether they can be."""
    return all(assume.agree(count, batch) for count in rows)


def _refuse_batch_first(log_probs: Tensor, rows: list[Dim], assume: Assumptions) -> None:
    """There is a length for each sample, and torch counts them against the steps on axis 1."""
    batch, time = (axis.dim for axis in log_probs.axes[:2])
    if assume.same(batch, time) is not Same.EQUAL and rows and _tie(rows, batch, assume):
        message = "CTCLoss reads axis 1 as the batch; the batch of $expected is on axis 0"
        raise ShapeError(message, "SHP516", expected=batch, got=time)


def _length_count(lengths: Value) -> Dim | None:
    if isinstance(lengths, Unknown):
        raise Undetermined("lengths that are not known", lengths, 1)
    if isinstance(lengths, Tensor) and lengths.rank == 1:
        return lengths.axes[0].dim
    return Dim.of(len(lengths.items)) if isinstance(lengths, Tuple) else None
