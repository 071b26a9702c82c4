"""Tensors: their methods, attributes and items are operations."""

from __future__ import annotations

from shapelint.infer.apply import apply
from shapelint.infer.protocol import (
    Site,
    attributes,
    classes,
    has_attribute,
    items,
    iterates,
    lengths,
    methods,
    takes_item,
    unknown_rounds,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Method
from shapelint.infer.values.rounds import Rounds, later_round
from shapelint.infer.values.truth import truths
from shapelint.ops import registry
from shapelint.ops.names import GETITEM
from shapelint.ops.registry import ShapeError
from shapelint.shapes.value import External, Int, Packed, Tensor, Tuple, Unknown, Value, integer
from shapelint.syntax import facts
from shapelint.trace.writes import SETITEM


@classes(Tensor)
def _class(tensor: Tensor) -> Value:
    return External("torch.Tensor")


@attributes(Tensor)
def _attribute(run: Run, tensor: Tensor, name: str, node: facts.Expression) -> Value:
    return attribute_by(run, f"torch.Tensor.{name}", tensor, name, node)


def attribute_by(run: Run, operation: str, base: Tensor | Packed, name: str, node: facts.Expression) -> Value:
    """What an operation says that an attribute is; any other name is a method's."""
    op = registry.OPS.get(operation)
    return Method(base, name) if op is None or not op.attribute else apply(run, op, (base,), {}, node)


def refused_attribute(run: Run, base: Tuple | Packed, name: str, node: facts.Expression, code: str) -> Value:
    """What only a tensor has, read or called on a tuple of tensors, or on a packed sequence."""
    op = f"torch.Tensor.{name}"
    is_known = base.ref is not None or (isinstance(base, Tuple) and _holds_tensors(base))
    if not is_known or op not in registry.OPS or hasattr(tuple, name):
        return unknown_attribute(run, name, node)
    error = ShapeError(f"a tuple has no attribute {name}", code)
    failed = Unknown(run.key_of(node), error.message)
    return run.recorder.record(op, (base,), {}, {}, failed, node.span, node, error)


def _holds_tensors(value: Tuple) -> bool:
    return bool(value.items) and all(isinstance(item, Tensor) for item in value.items)


def unknown_attribute(run: Run, name: str, node: facts.Expression) -> Value:
    """An attribute that a tuple has, of which nothing is known."""
    return Unknown(run.key_of(node), f".{name} of a tuple")


@has_attribute(Tensor)
def _has(tensor: Tensor, name: str) -> bool | None:
    return True if f"torch.Tensor.{name}" in registry.OPS else None


@methods(Tensor)
def _method(run: Run, tensor: Tensor, site: Site) -> Value:
    op = registry.OPS.get(f"torch.Tensor.{site.name}")
    if op is None or "**" in site.kwargs:
        return site.unknown(run, f"the tensor method .{site.name}()")
    return apply(run, op, (tensor, *site.args), site.kwargs, site.node)


def _item(run: Run, tensor: Tensor, index: Value, node: facts.Expression) -> Value:
    return apply(run, registry.OPS[GETITEM], (tensor, index), {}, node)


items(Tensor)(_item)


@takes_item(Tensor)
def _set_item(run: Run, tensor: Tensor, index: Value, value: Value, node: facts.Subscript) -> None:
    apply(run, registry.OPS[SETITEM], (tensor, index, value), {}, node)


@iterates(Tensor)
def _rounds(run: Run, tensor: Tensor, node: facts.Expression) -> Rounds:
    if not tensor.axes:
        return unknown_rounds(run.key_of(node))
    first, later = (_item(run, tensor, index, node) for index in (integer(0), later_round(run, node)))
    return Rounds((first, later), tensor.axes[0].dim)


@lengths(Tensor)
def _length(run: Run, tensor: Tensor, node: facts.Expression) -> Value | None:
    return Int(tensor.axes[0].dim) if tensor.axes else None


@truths(Tensor)
def _truth(tensor: Tensor) -> None:
    return None  # its numbers decide
