"""Two passes over one input agree: nothing that is drawn at random besides the source reaches the target."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class Statelessness(Claim):
    """Two passes over one input agree: nothing that is drawn at random besides the source reaches the target.

    `anew` is a layer that each pass builds.
    """

    property = "statelessness"

    source: Ref
    anew: Ref | None = None
