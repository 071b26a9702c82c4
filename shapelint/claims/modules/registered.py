"""A module that holds the layers so has parameters of theirs."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class Registered(Claim):
    """A module that holds the layers so has parameters of theirs.

    The target is the node of what holds them (`ops/holders.py`).
    """

    property = "registered"
