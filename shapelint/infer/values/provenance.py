"""Writing into an operation's result where it comes from, and reading its sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.finding import Ref
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Layer, List, Packed, Tensor, Tuple, Value
from shapelint.source import Span

MAX_WEIGHT = 24  #: atoms in one size


def stamp(value: Value, ref: Ref, origin: Span) -> Value:
    """Write into a result where each part of it comes from; axes with a new role get `origin`."""
    if isinstance(value, Tensor):
        return Tensor(_axes(value.axes, ref, origin), value.dtype, ref)
    if isinstance(value, Packed):
        return replace(
            value,
            batch=_with_origin(value.batch, origin),
            time=_with_origin(value.time, origin),
            features=_axes(value.features, ref, origin),
            ref=ref,
        )
    if isinstance(value, Tuple):
        items = tuple(stamp(item, Ref(ref.node, (*ref.path, i)), origin) for i, item in enumerate(value.items))
        return Tuple(items, ref, value.names, value.is_size)
    if isinstance(value, List):
        # the one item of a sample stands for the first and for a later one
        sample = value.items * 2 if value.length is not None and len(value.items) == 1 else value.items
        parts = [stamp(item, Ref(ref.node, (*ref.path, i)), origin) for i, item in enumerate(sample)]
        return List(parts, value.length)
    if isinstance(value, Layer):
        return replace(value, ref=ref)
    return value


def _axes(axes: tuple[Axis, ...], ref: Ref, origin: Span) -> tuple[Axis, ...]:
    return tuple(_with_origin(_bounded(axis, ref, i), origin) for i, axis in enumerate(axes))


def _with_origin(axis: Axis, origin: Span) -> Axis:
    if axis.role is Role.UNKNOWN or axis.origin is not None:
        return axis
    return replace(axis, origin=origin)


def _bounded(axis: Axis, ref: Ref, place: int) -> Axis:
    """A size that has grown beyond use, as through a tower of convolutions, becomes a symbol of its own."""
    if axis.dim.weight <= MAX_WEIGHT:
        return axis
    path = "".join(f"[{i}]" for i in ref.path)
    return Axis(Dim.symbol(f"#{ref.node}{path}.size({place})"), axis.role, axis.origin)


def sizes_in(value: Value) -> Iterator[Dim]:
    """The sizes that a result certainly has: of axes, and of a layer's constructor."""
    if isinstance(value, Tensor):
        yield from value.sizes
    elif isinstance(value, Layer):
        yield from (setting for setting in value.config.values() if isinstance(setting, Dim))
    elif isinstance(value, Tuple):
        for item in value.items:
            yield from sizes_in(item)
