"""The axis flow of a call, from its shape function: marked axes go where the function puts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from shapelint.data import dataclass
from shapelint.ops.axis_flow import Along, AxisFlow, Source
from shapelint.ops.binding import call
from shapelint.ops.registry import Assumptions, Op
from shapelint.shapes.axis import Axis
from shapelint.shapes.inside import Path, inside
from shapelint.shapes.value import Packed, Tensor, Value


def flows_of(
    operation: Op, args: Sequence[Value], kwargs: Mapping[str, Value], assume: Assumptions
) -> dict[Path, AxisFlow]:
    """The flow to each tensor of a call's result, by its path into the result.

    Raises what the shape function raises: ShapeError, Undetermined.
    """
    marker = _Marker()
    marked = [marker.mark(value) for value in args]
    named = {name: marker.mark(value) for name, value in kwargs.items()}
    result, bound = call(operation, tuple(marked), named, assume)
    operands = marker.operands
    told = [_told(along, operands, bound) for along in (operation.mixes, operation.causal, operation.moves)]
    return {path: _flow(axes, operands, *told) for path, value in inside(result) if (axes := _axes(value)) is not None}


def _told(along: Along | None, operands: Sequence[Tensor], bound: Mapping[str, object]) -> frozenset[Source]:
    return frozenset() if along is None or not operands else frozenset(along(operands, bound))


def _flow(
    result: tuple[Axis, ...],
    operands: Sequence[Tensor],
    mixed: frozenset[Source],
    causal: frozenset[Source],
    moved: frozenset[Source],
) -> AxisFlow:
    axes = tuple(_sources(axis) for axis in result)
    cut = {
        source
        for axis, sources in zip(result, axes, strict=True)
        for source in sources
        if len(sources) == 1 and axis.dim != operands[source.operand].axes[source.axis].dim
    }
    return AxisFlow(axes, mixed | causal, causal, moved | cut)


def _sources(axis: Axis) -> tuple[Source, ...]:
    found = axis.sources or (source for part in axis.parts for source in part.sources)
    return tuple(dict.fromkeys(Source(*source) for source in found))


def _axes(value: Value) -> tuple[Axis, ...] | None:
    if isinstance(value, Packed):
        return (value.batch, value.time, *value.features)
    return value.axes if isinstance(value, Tensor) else None


@dataclass(slots=True)
class _Marker:
    """Writes into the axes of operands which ones they are."""

    operands: list[Tensor] = field(default_factory=list)

    def mark(self, value: Value) -> Value:
        """The value, the axes of the tensors in it marked."""
        if isinstance(value, Tensor):
            return replace(value, axes=self._marked(value.axes))
        if isinstance(value, Packed):
            batch, time, *features = self._marked((value.batch, value.time, *value.features))
            return replace(value, batch=batch, time=time, features=tuple(features))
        return value.changed(self.mark)

    def _marked(self, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        number = len(self.operands)
        self.operands.append(Tensor(axes))
        return tuple(_marked(axis, (number, at)) for at, axis in enumerate(axes))


def _marked(axis: Axis, source: tuple[int, int]) -> Axis:
    """The axis and its parts, which are pieces of it."""
    return replace(axis, sources=(source,), parts=tuple(_marked(part, source) for part in axis.parts))
