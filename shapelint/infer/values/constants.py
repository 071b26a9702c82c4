"""Abstract values that are known constants, as Python's own."""

from __future__ import annotations

from shapelint.infer.values.objects import Member
from shapelint.shapes.value import Bool, Float, Int, Str, Value


def constant_key(value: Value) -> object:
    """A string, number or bool that is known, as a dict key; None otherwise."""
    if isinstance(value, Str | Bool):
        return value.value
    if isinstance(value, Member):
        return value.text
    return value.dim.constant if isinstance(value, Int) else None


def known_number(value: Value) -> int | float | None:
    """A number that is known, whole or not; None otherwise."""
    return value.value if isinstance(value, Float) else value.dim.constant if isinstance(value, Int) else None
