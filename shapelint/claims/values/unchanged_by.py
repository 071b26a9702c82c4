"""A later step that works in place leaves the target's shape as it was."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class UnchangedBy(Claim):
    """A later step that works in place leaves the target's shape as it was."""

    property = "unchanged_by"

    step: Ref
