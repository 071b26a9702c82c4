"""A loop's calls give something else than one call with all the steps."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class LoopMatters(Claim):
    """A loop's calls give something else than one call with all the steps.

    The target is the output of a recurrent layer's call, the last one of a loop over steps.
    """

    property = "loop_matters"
