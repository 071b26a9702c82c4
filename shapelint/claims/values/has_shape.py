"""The target has these sizes: a `Dim` for each axis, or None where any size will do."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim
from shapelint.shapes.dim import Dim


@dataclass(frozen=True, slots=True)
class HasShape(Claim):
    """The target has these sizes: a `Dim` for each axis, or None where any size will do."""

    property = "has_shape"

    sizes: tuple[Dim | None, ...]
