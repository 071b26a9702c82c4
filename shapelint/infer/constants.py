"""Abstract values that are known constants, as Python's own."""

from __future__ import annotations

from shapelint.shapes.value import Bool, Int, Str, Value


def constant_key(value: Value) -> object:
    """A string, number or bool that is known, as a dict key; None otherwise."""
    if isinstance(value, Str | Bool):
        return value.value
    return value.dim.constant if isinstance(value, Int) else None
