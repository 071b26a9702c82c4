"""Step t of the target (along `target_axis`) depends on no step of the source after t."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class Causality(Claim):
    """Step t of the target (along `target_axis`) depends on no step of the source after t."""

    property = "causality"
    sound = "of a sound model no step reaches an earlier one"
    varied = ("time_axis",)

    source: Ref
    time_axis: int
    target_axis: int
