"""The steps at which a mask is true reach the target."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class KeptStepsReach(Claim):
    """The steps of the source at which a mask is true reach the target.

    The mask has an entry for each sample and step; they lie along `batch_axis` and `time_axis` of the source.
    """

    property = "kept_steps_reach"

    source: Ref
    batch_axis: int
    time_axis: int
    mask: Ref
