"""Torch runs the target's node for a source that is one step shorter, too."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class FollowsTime(Claim):
    """Torch runs the target's node for a source that is one step shorter, too."""

    property = "follows_time"

    source: Ref
    time_axis: int
