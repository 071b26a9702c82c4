"""The class of a value, and what a class is called."""

from __future__ import annotations

from types import UnionType

from shapelint.infer.values.objects import Builtin, Class, Instance, TypeOf
from shapelint.ops import registry
from shapelint.ops.tensors.packing import PACKED
from shapelint.shapes.value import (
    Bool,
    Dict,
    External,
    Float,
    Int,
    Layer,
    List,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

#: the values that are of a class of Python
PLAIN: dict[str, type[Value] | UnionType] = {
    "tuple": Tuple | Packed,
    "list": List,
    "dict": Dict,
    "int": Int | Bool,
    "float": Float,
    "str": Str,
    "bool": Bool,
}


def class_of(value: Value) -> Value | None:
    """`type(value)`; None where it is not known."""
    if isinstance(value, Instance):
        return value.cls
    if isinstance(value, Layer):
        return External(value.kind)
    if isinstance(value, Unknown):
        return TypeOf(value)
    if isinstance(value, Tensor | Packed):
        return External("torch.Tensor" if isinstance(value, Tensor) else PACKED)
    exact = [name for name, kind in PLAIN.items() if isinstance(value, kind) and not getattr(value, "names", ())]
    return Builtin(exact[-1]) if exact else None


def meta_attribute(value: Value, name: str) -> Value | None:
    """`value.__class__`, and `value.__name__` of a class; None where it is another attribute, or not known."""
    if name == "__class__" and isinstance(value, Instance | Layer | Tensor | Tuple | List):
        return class_of(value)
    if name not in ("__name__", "__qualname__"):
        return None
    if isinstance(value, Class | Builtin):
        return Str(value.name)
    if isinstance(value, External) and value.path in registry.LAYERS:
        return Str(value.path.rpartition(".")[2])
    return None
