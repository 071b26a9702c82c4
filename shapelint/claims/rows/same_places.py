"""Each row of the target is made of the same places of two tensors."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class SamePlaces(Claim):
    """Each row of the target is made of entry i of the source and of entry i of another tensor.

    Entries are counted along `axis` of the source and along `other_axis` of the `other`, which are equally long.
    Rows lie along `target_axis`, and may be more than there are entries.
    """

    property = "same_places"

    source: Ref
    axis: int
    other: Ref
    other_axis: int
    target_axis: int
