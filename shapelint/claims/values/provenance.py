"""The target is `source.permute(expected)`, up to merging and splitting neighbouring axes."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref
from shapelint.shapes.dim import Dim


@dataclass(frozen=True, slots=True)
class Provenance(Claim):
    """The target is `source.permute(expected)`, up to merging and splitting neighbouring axes.

    Only layout operations may lie between them. Before that, `split` (axis, size, size) takes an axis of the source
    apart, one size may be -1; then `select` (axis, entry) takes one entry of an axis.
    """

    property = "provenance"

    source: Ref
    expected: tuple[int, ...]
    split: tuple[int | Dim, ...] | None = None
    select: tuple[int, ...] | None = None
