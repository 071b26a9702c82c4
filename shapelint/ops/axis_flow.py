"""Where the axes of a result come from, and along which axes of its operands an operation mixes values.

Most of it follows from the shape function: run on operands whose axes are marked, it carries the marks to where the
axes go (`ops/derive.py`). What a shape cannot tell is declared with the operation: that softmax reads a whole axis
for each entry, and that `flip` puts the entries of an axis elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapelint.data import dataclass
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, Layer, List, Tensor, Tuple


class Source(NamedTuple):
    """One axis of one operand; operands are the tensors of a call, in the order in which it is given them."""

    operand: int
    axis: int


@dataclass(frozen=True, slots=True)
class AxisFlow:
    """How the axes of the operands reach one tensor of a result.

    `axes` tells for each axis of the result which axes it is made of: none, it is new or repeats; several of one
    operand, they are merged, slowest first; the same one in several places, it is split. Along a `mixed` axis an entry
    of the result may depend on all entries of the operand, along a `causal` one of these on none that comes later, and
    along a `moved` one on an entry in another place.
    """

    axes: tuple[tuple[Source, ...], ...]
    mixed: frozenset[Source] = frozenset()
    causal: frozenset[Source] = frozenset()
    moved: frozenset[Source] = frozenset()

    def kept(self, operand: int = 0) -> dict[int, int]:
        """By the axes of the operand, those of the result in which each entry is made of the same entry alone."""
        return {axis: at for axis, at in self.aligned(operand).items() if Source(operand, axis) not in self.mixed}

    def aligned(self, operand: int = 0) -> dict[int, int]:
        """`kept`, and also axes along which each entry is made of others beside the same one."""
        whole = {sources[0]: at for at, sources in enumerate(self._of(operand)) if len(sources) == 1}
        uses = [source for sources in self._of(operand) for source in sources]
        return {one.axis: at for one, at in whole.items() if uses.count(one) == 1 and one not in self.moved}

    def merged(self, operand: int = 0) -> dict[int, tuple[int, ...]]:
        """By the axes of the result, the axes of the operand that it holds, slowest first, each entry in its place."""
        lost = self.mixed | self.moved
        uses = [source for sources in self._of(operand) for source in sources]
        return {
            at: tuple(one.axis for one in sources)
            for at, sources in enumerate(self._of(operand))
            if sources and all(uses.count(one) == 1 and one not in lost for one in sources)
        }

    def _of(self, operand: int) -> list[tuple[Source, ...]]:
        return [tuple(one for one in sources if one.operand == operand) for sources in self.axes]


#: what an operation mixes or moves, told from its operands and its arguments by name
Along = Callable[[Sequence[Tensor], Mapping[str, Any]], Iterable[Source]]


def axes_named(parameter: str) -> Along:
    """The axes of the first operand that a parameter names: one, several, or all where it is None."""

    def along(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
        return _named(operands[0].rank, bound[parameter])

    return along


def axes_configured(parameter: str) -> Along:
    """The axes of the first operand that an option of the layer names."""

    def along(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
        layer: Layer = bound["layer"]
        return _named(operands[0].rank, layer.config[parameter])

    return along


def all_but(axis: int) -> Along:
    """The axes of the first operand but one."""

    def along(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
        return (Source(0, at) for at in range(operands[0].rank) if at != axis)

    return along


def axes_from(first: int) -> Along:
    """The axes of the first operand from a place on; negative places count from the last axis."""

    def along(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
        rank = operands[0].rank
        return (Source(0, axis) for axis in range(rank)[first:])

    return along


def last_axes(parameter: str) -> Along:
    """As many of the last axes of the first operand as a parameter, or an option of the layer, lists sizes."""

    def along(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
        layer = bound.get("layer")
        shape = bound[parameter] if layer is None else layer.config[parameter]
        count = len(shape.items) if isinstance(shape, Tuple | List) else 1
        return (Source(0, axis) for axis in range(operands[0].rank)[-count:])

    return along


def every_axis(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
    """All axes of all operands: which entry comes from where is in the contents."""
    return (Source(number, axis) for number, one in enumerate(operands) for axis in range(one.rank))


def others(operands: Sequence[Tensor], bound: Mapping[str, Any]) -> Iterable[Source]:
    """All axes of all operands but the first: where their entries go is in the contents."""
    return (source for source in every_axis(operands, bound) if source.operand)


def _named(rank: int, given: object) -> Iterable[Source]:
    numbers = _numbers(given)
    if not numbers or None in numbers:  # which axes are meant cannot be told: all may be
        return (Source(0, axis) for axis in range(rank))
    return (Source(0, number % rank) for number in numbers if number is not None and rank)


def _numbers(given: object) -> list[int | None]:
    if isinstance(given, tuple | list):
        return [number for one in given for number in _numbers(one)]
    if isinstance(given, Tuple | List):
        return _numbers(list(given.items))
    if isinstance(given, Int):
        return _numbers(given.dim)
    return [given.constant if isinstance(given, Dim) else given if isinstance(given, int) else None]
