"""Packed sequences."""

from __future__ import annotations

from shapelint.infer.apply import apply
from shapelint.infer.protocol import Site, attributes, classes, items, methods
from shapelint.infer.run.run import Run
from shapelint.infer.values.torch.tensors import attribute_by, refused_attribute, unknown_attribute
from shapelint.ops import registry
from shapelint.ops.names import PACKED
from shapelint.ops.tensors.moving.packing import SHARED
from shapelint.shapes.value import External, Packed, Value
from shapelint.syntax import facts


@classes(Packed)
def _class(packed: Packed) -> Value:
    return External(PACKED)


@attributes(Packed)
def _attribute(run: Run, packed: Packed, name: str, node: facts.Expression) -> Value:
    op = registry.OPS.get(f"torch.Tensor.{name}")
    if op is not None and op.attribute and name not in SHARED:
        return _refused(run, packed, name, node)
    return attribute_by(run, f"{PACKED}.{name}", packed, name, node)


def _refused(run: Run, packed: Packed, name: str, node: facts.Expression) -> Value:
    if name in SHARED:
        return unknown_attribute(run, name, node)
    return refused_attribute(run, packed, name, node, "SHP412")


@methods(Packed)
def _method(run: Run, packed: Packed, site: Site) -> Value:
    op = registry.OPS.get(f"{PACKED}.{site.name}")
    if op is None:
        return _refused(run, packed, site.name, site.node)
    return apply(run, op, (packed, *site.args), site.kwargs, site.node)


@items(Packed)
def _item(run: Run, packed: Packed, index: Value, node: facts.Subscript) -> Value:
    return apply(run, registry.OPS[f"{PACKED}.__getitem__"], (packed, index), {}, node)
