"""Where a module keeps its recurrent layers: in attributes, in containers that register them, or in plain sequences."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Ref
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Container, Instance
from shapelint.ops.names import CELLS, RECURRENT
from shapelint.shapes.value import NONE, Dict, Layer, List, Tuple, Value
from shapelint.syntax import facts

_DEPTH = 8  #: modules inside modules


def note_holders(run: Run, instance: Instance) -> None:
    """Record what an instance holds its layers in, once it is built."""
    if not (instance.cls.torch_base() or "").startswith("torch.nn."):
        return
    registered = {layer.ref for value in instance.attributes.values() for layer in _registered(value, _DEPTH)}
    home = run.recorder.home
    for name, kept in instance.places.items():
        value = instance.attributes.get(name)
        if value is not None:
            run.recorder.home = kept.home
            free = tuple(layer.ref for layer in layers_in(value) if layer.ref not in registered)
            note_holder(run, value, kept.expression, attribute=name, owner=instance.cls.definition, free=free)
    run.recorder.home = home


def note_holder(run: Run, value: Value, expression: facts.Expression, **told: object) -> None:
    """Record a sequence or a container of layers; `repeated` are those that are in it more than once."""
    operation, layers = _operation(value), list(layers_in(value))
    if operation is not None and layers:
        members = _members(value)
        bound = {**told, "members": len(members), "repeated": tuple(_repeated(members))}
        run.recorder.record(operation, (List([*layers]),), {}, bound, NONE, expression.span, expression)


def _repeated(members: list[Value]) -> Iterator[Ref | None]:
    seen: set[int] = set()
    for member in members:
        if isinstance(member, Layer) and id(member) in seen:
            yield member.ref
        seen.add(id(member))


def _operation(value: Value) -> str | None:
    if isinstance(value, Container):
        return f"torch.nn.{value.kind}"
    return next((f"builtins.{kind.__name__.lower()}" for kind in (List, Tuple, Dict) if isinstance(value, kind)), None)


def _members(value: Value) -> list[Value]:
    if isinstance(value, Container):
        return list(value.members.values())
    if isinstance(value, Dict):
        return list(value.items.values())
    return list(value.items) if isinstance(value, Tuple | List) else []


def layers_in(value: Value, depth: int = _DEPTH) -> Iterator[Layer]:
    """The recurrent layers and cells in a value, and in the modules in it."""
    if isinstance(value, Layer):
        if value.kind in RECURRENT | CELLS:
            yield value
    elif depth:
        inner = list(value.attributes.values()) if isinstance(value, Instance) else _members(value)
        for item in inner:
            yield from layers_in(item, depth - 1)


def _registered(value: Value, depth: int) -> Iterator[Layer]:
    """The layers that torch finds in an attribute: no plain sequence hides them."""
    if isinstance(value, Layer):
        yield value
    elif isinstance(value, Instance | Container) and depth:
        inner = value.attributes if isinstance(value, Instance) else value.members
        for item in inner.values():
            yield from _registered(item, depth - 1)
