"""After a backward pass from `earlier`, one from the target is possible."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class SeparateGraphs(Claim):
    """After a backward pass from `earlier`, one from the target is possible."""

    property = "separate_graphs"

    earlier: Ref
