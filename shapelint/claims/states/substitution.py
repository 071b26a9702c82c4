"""The target's operation gives the same with each of `by` in the place of the argument in `replaced`."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class Substitution(Claim):
    """The target's operation gives the same with each of `by` in the place of the argument in `replaced`.

    `fc(c_n)` must be `fc(h_n)`.
    """

    property = "substitution"

    replaced: tuple[Ref, ...]
    by: tuple[Ref, ...]
