"""Samples that are alike give rows that are alike."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class AlikeSamples(Claim):
    """Samples that are alike give rows of the target that are alike, whatever their places in the batch.

    Samples lie along `batch_axis` of the source, their rows along `target_axis`.
    """

    property = "alike_samples"

    source: Ref
    batch_axis: int
    target_axis: int
