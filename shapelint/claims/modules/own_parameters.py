"""Layers that are held together share no parameters."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class OwnParameters(Claim):
    """Layers that are held together share no parameters.

    The target is the node of what holds them (`ops/holders.py`); with `other`, it is about the layers of two calls.
    """

    property = "own_parameters"

    other: Ref | None = None
