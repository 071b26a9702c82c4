"""The steps at which a mask is true reach others of the target."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class KeptStepsReach(Claim):
    """The steps of the source at which a mask is true reach other steps of the target.

    The mask has an entry for each sample and step. Steps lie along `time_axis` of the source and along `target_axis` of
    the target; its own step may reach one by other ways.
    """

    property = "kept_steps_reach"

    source: Ref
    time_axis: int
    mask: Ref
    target_axis: int
