"""Each feature of the target depends on every step of the source."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class SeesWholeSequence(Claim):
    """Each feature of the target depends on every step of the source.

    Not for values behind a ReLU, which makes features look blind. With two layers the lower one spreads
    information: use `DeadParameters` there.
    """

    property = "sees_whole_sequence"

    source: Ref
    time_axis: int
