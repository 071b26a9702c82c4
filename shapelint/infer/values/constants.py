"""Abstract values that are known constants, as Python's own."""

from __future__ import annotations

from shapelint.infer.values.objects import Member
from shapelint.shapes.value import Bool, Float, Int, NoneValue, Str, Tuple, Value


def constant_key(value: Value) -> object:
    """A string, number or bool that is known, as a dict key; None otherwise."""
    if isinstance(value, Str | Bool):
        return value.value
    if isinstance(value, Member):
        return value.text
    return value.dim.constant if isinstance(value, Int) else None


def truth_of(value: Value | None) -> bool | None:
    """Python's truth of a value, None where it is not known."""
    if isinstance(value, Bool):
        return value.value
    if isinstance(value, NoneValue):
        return False
    if isinstance(value, Str | Float):
        return None if value.value is None else bool(value.value)
    if isinstance(value, Int):
        return True if value.dim.is_positive() else (None if value.dim.constant is None else bool(value.dim.constant))
    if isinstance(value, Tuple):
        return bool(value.items)
    return None
