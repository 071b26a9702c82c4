"""Where a call puts its result: on the CPU, or on a device of the author's choice."""

from __future__ import annotations

from shapelint.ops.axes import is_dtype
from shapelint.ops.tensors.attributes import APART_FROM_SHAPES
from shapelint.shapes.value import NoneValue, Str, Unknown, Value
from shapelint.trace.node import Node

CPU = "cpu"
DEVICE = "device"

_METHODS = {"torch.Tensor.cpu": CPU, "torch.Tensor.cuda": DEVICE}
_TO = "torch.Tensor.to"
_DEVICE_WORDS = ("device", "cuda", "gpu")


def moved_to(node: Node) -> str | None:
    """CPU or DEVICE where the call names a place; None where the result stays with the arguments."""
    if node.op in _METHODS:
        return _METHODS[node.op]
    named = node.kwargs.get("device")
    if named is not None:
        return None if isinstance(named, NoneValue) else _place(named)
    others = [value for value in node.args[1:] if not is_dtype(value)] if node.op == _TO else []
    return _place(others[0]) if others and _is_device(others[0]) else None


def follows_another(node: Node) -> bool:
    """Whether the call puts its result where a tensor lies: `device=x.device`."""
    return any(isinstance(value, Unknown) and value.reason == APART_FROM_SHAPES for value in _given(node))


def is_named_device(node: Node) -> bool:
    """Whether the call names a device that is certainly not the CPU, not a variable."""
    return node.op == "torch.Tensor.cuda" or any(isinstance(value, Str) for value in _given(node))


def _given(node: Node) -> list[Value | None]:
    """What may name a place among a call's arguments."""
    return [node.kwargs.get("device"), *node.args[1:2]]


def _is_device(value: Value) -> bool:
    """Whether an argument of `x.to(...)` is a device: a dtype may stand there too."""
    if isinstance(value, Unknown):
        return any(word in value.key.lower() for word in _DEVICE_WORDS)
    return isinstance(value, Str)


def _place(device: Value) -> str:
    if isinstance(device, Str):
        return CPU if device.value == CPU else DEVICE
    text = device.key.lower() if isinstance(device, Unknown) else ""
    return CPU if CPU in text and "cuda" not in text else DEVICE
