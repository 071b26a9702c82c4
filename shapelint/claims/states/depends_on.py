"""The target depends on the source; with `axis`, on every entry of it along that axis."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class DependsOn(Claim):
    """The target depends on the source; with `axis`, on every entry of it along that axis."""

    property = "depends_on"

    source: Ref
    axis: int | None = None
