"""Numbers, flags and None."""

from __future__ import annotations

from shapelint.infer.protocol import classes, has_attribute
from shapelint.infer.values.objects import Builtin
from shapelint.infer.values.truth import truths
from shapelint.shapes.value import Bool, Float, Int, NoneValue, Value


@classes(Int)
def _class_of_int(number: Int) -> Value:
    return Builtin("int")


@classes(Float)
def _class_of_float(number: Float) -> Value:
    return Builtin("float")


@classes(Bool)
def _class_of_bool(flag: Bool) -> Value:
    return Builtin("bool")


@has_attribute(Int)
def _int_has(number: Int, name: str) -> bool:
    return hasattr(int, name)


@has_attribute(Float)
def _float_has(number: Float, name: str) -> bool:
    return hasattr(float, name)


@has_attribute(Bool)
def _bool_has(flag: Bool, name: str) -> bool:
    return hasattr(bool, name)


@truths(Int)
def _truth_of_int(number: Int) -> bool | None:
    if number.dim.is_positive():
        return True
    constant = number.dim.constant
    return None if constant is None else bool(constant)


@truths(Float)
def _truth_of_float(number: Float) -> bool | None:
    return None if number.value is None else bool(number.value)


@truths(Bool)
def _truth_of_bool(flag: Bool) -> bool:
    return flag.value


@truths(NoneValue)
def _truth_of_none(none: NoneValue) -> bool:
    return False
