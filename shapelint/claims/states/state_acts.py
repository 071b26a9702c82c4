"""A recurrent layer's call gives something else without its state."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class StateActs(Claim):
    """A recurrent layer's call gives something else without its state.

    The target is the output of the call.
    """

    property = "state_acts"
