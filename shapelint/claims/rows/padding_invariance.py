"""No row of the target depends on padding, and each is what its sample gives alone."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class PaddingInvariance(Claim):
    """No row of the target depends on padding, and each is what its sample gives alone.

    The lengths are those of the program's own packing call, or made up. The padding follows each sequence, or comes
    before it (`on_left`).
    """

    property = "padding_invariance"

    source: Ref
    batch_axis: int
    time_axis: int
    target_axis: int
    on_left: bool = False
