"""No row of the target depends on padding, and each is what its sample gives alone."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Beside, Claim, Ref


@dataclass(frozen=True, slots=True)
class PaddingInvariance(Claim):
    """No row of the target depends on padding, and each is what its sample gives alone.

    The lengths are those of the program's own packing call, or made up. The padding follows each sequence, or comes
    before it (`on_left`).
    """

    property = "padding_invariance"
    of_rows = True
    of_padding = True
    beside = Beside.SAMPLES
    sound = "of a sound model no padding reaches a row, and each last step reaches the row of its sample"
    varied = ("batch_axis", "time_axis")

    source: Ref
    batch_axis: int
    time_axis: int
    target_axis: int
    on_left: bool = False
