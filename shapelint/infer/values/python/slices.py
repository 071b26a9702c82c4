"""Slices whose bounds are known."""

from __future__ import annotations

from shapelint.shapes.value import Int, NoneValue, SliceValue


def known_slice(index: SliceValue) -> slice | None:
    """Python's own slice; None where a bound is not known."""
    bounds: list[int | None] = []
    for part in (index.lower, index.upper, index.step):
        if isinstance(part, NoneValue):
            bounds.append(None)
        elif isinstance(part, Int) and part.dim.constant is not None:
            bounds.append(part.dim.constant)
        else:
            return None
    return slice(*bounds)
