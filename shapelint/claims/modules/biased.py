"""A layer has a bias."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class Biased(Claim):
    """A layer has a bias.

    The target is the node that constructs the layer.
    """

    property = "biased"
