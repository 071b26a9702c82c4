"""The values along an axis of the target are logarithms of probabilities."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class LogProbabilities(Claim):
    """The values along an axis of the target are logarithms of probabilities."""

    property = "log_probabilities"

    axis: int
