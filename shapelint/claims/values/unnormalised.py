"""The values along an axis of the target are no probabilities yet."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class Unnormalised(Claim):
    """The values along an axis of the target are no probabilities yet."""

    property = "unnormalised"

    axis: int
