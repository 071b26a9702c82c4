"""The target does not depend on the source."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class Independence(Claim):
    """The target does not depend on the source."""

    property = "independence"

    source: Ref
