"""Batches of 1, 2 and 3 samples show in the target."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Beside, Claim, Ref


@dataclass(frozen=True, slots=True)
class BatchSizePolymorphism(Claim):
    """Batches of 1, 2 and 3 samples show in the target.

    The batch axis of the source is a symbol (a parameter's axis), not a literal. With `alone` it changes without
    the sizes that the code assumes equal to it.
    """

    property = "batch_size_polymorphism"
    of_batches = True
    beside = Beside.BATCHES

    source: Ref
    batch_axis: int
    target_axis: int
    alone: bool = False
