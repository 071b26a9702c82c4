"""Two passes over one sequence in training mode differ, unless the layer has no dropout."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class DropoutActs(Claim):
    """Two passes over one sequence in training mode differ, unless the layer has no dropout.

    The target is the node that constructs a recurrent layer. `dropout` stands in for one that is a parameter.
    """

    property = "dropout_acts"

    dropout: float | None = None
