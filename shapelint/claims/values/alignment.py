"""Laid over each other, a score and a target of a loss are of the same sample and step."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class Alignment(Claim):
    """Laid over each other, a score and a target of a loss are of the same sample and step.

    The target is the call of the loss. `source` holds the scores and `targets` the targets, both before they were
    cut or flattened, with their axes as meant; `class_axis` is the axis of the classes in what the loss gets.
    """

    property = "alignment"

    source: Ref
    batch_axis: int
    targets: Ref
    targets_batch_axis: int
    time_axis: int | None = None
    targets_time_axis: int | None = None
    class_axis: int | None = None
