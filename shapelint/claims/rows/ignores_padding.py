"""No step of the source that is padding reaches the target, a loss."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class IgnoresPadding(Claim):
    """No step of the source that is padding reaches the target, a loss.

    `padded` are the classes that it is compared with, (batch, time) or the other way round; their padding holds
    `value`.
    """

    property = "ignores_padding"
    of_padding = True

    source: Ref
    batch_axis: int
    time_axis: int
    padded: Ref
    padded_batch_axis: int
    value: float
