"""Tuples, named ones too, and what an operation returns as one."""

from __future__ import annotations

from shapelint.infer.protocol import Site, attributes, classes, has_attribute, items, iterates, lengths, methods
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Builtin, Method
from shapelint.infer.values.python.slices import known_slice
from shapelint.infer.values.rounds import Rounds, rounds_over
from shapelint.infer.values.torch.tensors import refused_attribute, unknown_attribute
from shapelint.infer.values.truth import truths
from shapelint.ops import registry
from shapelint.ops.names import GETITEM
from shapelint.ops.registry import ShapeError
from shapelint.shapes.value import Int, SliceValue, Tuple, Unknown, Value, integer
from shapelint.syntax import facts
from shapelint.trace.events import Selection


@classes(Tuple)
def _class(value: Tuple) -> Value | None:
    return None if value.names else Builtin("tuple")


@attributes(Tuple)
def _attribute(run: Run, base: Tuple, name: str, node: facts.Expression) -> Value:
    if name in base.names:
        return base.items[base.names.index(name)]
    op = registry.OPS.get(f"torch.Tensor.{name}")
    return Method(base, name) if op is None or not op.attribute else _refused(run, base, name, node)


def _refused(run: Run, base: Tuple, name: str, node: facts.Expression) -> Value:
    return unknown_attribute(run, name, node) if base.names else refused_attribute(run, base, name, node, "SHP301")


@methods(Tuple)
def _method(run: Run, receiver: Tuple, site: Site) -> Value:
    return _refused(run, receiver, site.name, site.node)


@has_attribute(Tuple)
def _has(base: Tuple, name: str) -> bool:
    return hasattr(tuple, name) or name in base.names


@items(Tuple)
def _item(run: Run, base: Tuple, index: Value, node: facts.Subscript) -> Value:
    position = index.dim.constant if isinstance(index, Int) else None
    if position is not None and -len(base.items) <= position < len(base.items):
        if base.ref is not None and isinstance(node.index, facts.Literal | facts.Unary):
            run.trace.selections.append(Selection(base.ref, position, node, run.recorder.path))
        return base.items[position]
    if isinstance(index, SliceValue):
        cut = known_slice(index)
        if cut is None:
            return Unknown(run.key_of(node), "a slice of unknown bounds")
        return Tuple(base.items[cut], is_size=base.is_size)
    if isinstance(index, Tuple) and base.ref is not None:
        error = ShapeError("a tuple is indexed like a tensor", "SHP301")
        failed = Unknown(run.key_of(node), error.message)
        return run.recorder.record(GETITEM, (base, index), {}, {}, failed, node.span, node, error)
    return Unknown(run.key_of(node), "a tuple index that is not known")


@iterates(Tuple)
def _rounds(run: Run, value: Tuple, node: facts.Expression) -> Rounds:
    return rounds_over(value.items)


@lengths(Tuple)
def _length(run: Run, value: Tuple, node: facts.Expression) -> Value:
    return integer(len(value.items))


@truths(Tuple)
def _truth(value: Tuple) -> bool:
    return bool(value.items)
