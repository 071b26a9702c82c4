"""The values along an axis of the target are weights: none is negative, and they sum to 1."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class SumsToOne(Claim):
    """The values along an axis of the target are weights: none is negative, and they sum to 1."""

    property = "sums_to_one"

    axis: int
