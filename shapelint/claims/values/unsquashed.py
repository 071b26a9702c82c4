"""The values of the target are no probabilities yet, each by itself."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class Unsquashed(Claim):
    """Not all values of the target lie between 0 and 1."""

    property = "unsquashed"
