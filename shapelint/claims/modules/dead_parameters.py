"""Every parameter of a layer gets a gradient, but for those `allowed`."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class DeadParameters(Claim):
    """Every parameter of a layer gets a gradient, but for those `allowed`.

    `layer` is the node that constructs it; `allowed` are names like "weight_hh_l0_reverse". A non-zero initial
    state hides a dead reverse weight.
    """

    property = "dead_parameters"

    layer: Ref
    allowed: tuple[str, ...] | None = None
