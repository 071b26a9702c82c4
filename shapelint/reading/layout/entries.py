"""Which entries of a state's first axis, layers and directions, a value is cut out of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_select, is_subscript
from shapelint.reading.recurrent import H_N, OUTPUT, Slot, slot_of
from shapelint.reading.single_index import index_parts, is_full, pick_of
from shapelint.reading.trail import nature_of
from shapelint.reading.uses import summary_confidence
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, List, NoneValue, SliceValue, Tensor, Tuple, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_MAX_CUTS = 8
_MAX_LAYERS = 64

Grid = int | tuple["Grid", ...]  #: entry numbers, nested like the axes that h_n's first axis was cut into


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of a state that a value holds, in the order of its first axes."""

    slot: Slot
    layers: int
    directions: int
    grid: Grid
    is_default: bool = False  #: the number of layers is the default of a parameter

    @property
    def numbers(self) -> frozenset[int]:
        """The entries: layer * directions + direction."""
        return frozenset(_flat(self.grid))

    @property
    def last_layer(self) -> frozenset[int]:
        """The entries of the last layer."""
        count = self.layers * self.directions
        return frozenset(range(count - self.directions, count))


def entries_of(trace: Trace, value: Value) -> Entries | None:
    """The entries of h_n or c_n that a value holds and nothing else; None where that is not known."""
    cuts: list[Node] = []
    while slot_of(trace, value) is None:
        ref = getattr(value, "ref", None)
        node = None if ref is None or ref.path else trace.node(ref)
        if node is None or not node.args or not _cuts(node) or len(cuts) == _MAX_CUTS:
            return None
        cuts.append(node)
        value = node.args[0]
    found = _whole(trace, value)
    for node in reversed(cuts):
        grid = None if found is None else _cut(trace, node, found)
        found = None if found is None or grid is None else replace(found, grid=grid)
    return found


def _cuts(node: Node) -> bool:
    return is_subscript(node) or is_select(node) or nature_of(node) is Nature.VIEW


def _whole(trace: Trace, value: Value) -> Entries | None:
    slot = slot_of(trace, value)
    if slot is None or slot.slot == OUTPUT or not isinstance(value, Tensor):
        return None
    layers, is_default = layer_count(trace, slot)
    if layers is None or layers > _MAX_LAYERS:
        return None
    directions = 2 if slot.config.bidirectional else 1
    return Entries(slot, layers, directions, tuple(range(layers * directions)), is_default)


def layer_count(trace: Trace, slot: Slot) -> tuple[int | None, bool]:
    """The number of layers, and whether only the default of a parameter says so."""
    layers = trace.resolve(slot.config.num_layers)
    if layers.constant is not None:
        return layers.constant, False
    return trace.defaults.get(layers.as_symbol or ""), True


def _cut(trace: Trace, node: Node, base: Entries) -> Grid | None:
    if nature_of(node) is Nature.VIEW:
        return _viewed(trace, node, base)
    pick, grid = pick_of(node), base.grid
    if pick is not None:
        index = pick.index.constant
        if pick.axis >= _depth(grid) or index is None:
            return None
        return _taken(grid, pick.axis, slice(index, index + 1 or None) if pick.kept else index)
    cut = None if isinstance(grid, int) else _slice(node, len(grid))
    return None if cut is None or isinstance(grid, int) else grid[cut]


def _slice(node: Node, size: int) -> slice | None:
    """The slice that a subscript takes of the first axis, with everything of the others."""
    base = node.args[0]
    if not is_subscript(node) or not isinstance(base, Tensor):
        return None
    first, *others = index_parts(node.args[1], base.rank)
    if not isinstance(first, SliceValue) or not all(map(is_full, others)):
        return None
    bounds = [_bound(first.lower, 0), _bound(first.upper, size), _bound(first.step, 1)]
    return None if None in bounds else slice(*bounds)


def _bound(bound: Value, default: int) -> int | None:
    if isinstance(bound, NoneValue):
        return default
    return bound.dim.constant if isinstance(bound, Int) else None


def _viewed(trace: Trace, node: Node, whole: Entries) -> Grid | None:
    """The grid of a view that takes the first axis apart into layers and directions, and leaves the others alone."""
    base, result = node.args[0], node.result
    if not isinstance(base, Tensor) or not isinstance(result, Tensor) or base.rank != 3 or result.rank != 4:
        return None
    sizes = [trace.resolve(size) for size in result.sizes]
    apart = [Dim.of(whole.layers), Dim.of(whole.directions), *map(trace.resolve, base.sizes[1:])]
    if sizes != apart or whole.grid != tuple(range(whole.layers * whole.directions)):
        return None
    count = whole.directions
    return tuple(tuple(range(layer * count, (layer + 1) * count)) for layer in range(whole.layers))


def _taken(grid: Grid, axis: int, index: int | slice) -> Grid | None:
    if isinstance(grid, int):
        return None
    if axis == 0:
        return grid[index] if isinstance(index, slice) or -len(grid) <= index < len(grid) else None
    parts = tuple(_taken(part, axis - 1, index) for part in grid)
    return None if None in parts else tuple(part for part in parts if part is not None)


def _depth(grid: Grid) -> int:
    return 0 if isinstance(grid, int) else 1 + (_depth(grid[0]) if grid else 0)


def _flat(grid: Grid) -> Iterator[int]:
    if isinstance(grid, int):
        yield grid
    else:
        for part in grid:
            yield from _flat(part)


def joined(trace: Trace, node: Node) -> list[Node]:
    """The nodes that made what an operation joins."""
    if nature_of(node) not in (Nature.JOIN, Nature.SUM):
        return []
    given = node.args[0]
    parts: tuple[Value, ...] = tuple(given.items) if isinstance(given, Tuple | List) else node.args[:2]
    made = [trace.node(part.ref) for part in parts if isinstance(part, Tensor) and part.ref is not None]
    return made if len(made) == len(parts) else []


def entries_read(trace: Trace, slot: Slot) -> frozenset[int]:
    """The entries of a state that any operation reads for something else than cutting it."""
    read = frozenset[int]()
    for node in trace.nodes:
        if entries_of(trace, node.result) is None:
            for value in _parts(trace, (*node.args, *node.kwargs.values()), slot):
                read |= value.numbers
    return read


def _parts(trace: Trace, values: tuple[Value, ...], slot: Slot) -> Iterator[Entries]:
    for value in values:
        if isinstance(value, Tuple | List):
            yield from _parts(trace, tuple(value.items), slot)
            continue
        found = entries_of(trace, value)
        if found is not None and (found.slot.call, found.slot.slot) == (slot.call, slot.slot):
            yield found


def final_state_confidence(trace: Trace, node: Node, slot: Slot) -> Confidence | None:
    """How sure it is that a part of h_n stands for the whole sequence.

    Less where the whole h_n or the output goes another way too; None where that leaves nothing to be sure of.
    """
    confidence = summary_confidence(trace, node)
    returned = any(is_slot(trace, value, slot, part) for value in trace.returned for part in (H_N, OUTPUT))
    if not returned and not is_read(trace, node, slot, OUTPUT):
        return confidence
    return Confidence.MEDIUM if confidence is Confidence.HIGH else None


def is_read(trace: Trace, but: Node, slot: Slot, part: str) -> bool:
    """Whether an operation elsewhere than `but` takes the call's h_n, or its output."""
    return any(
        node.span != but.span and not _hands_on(trace, node) and is_slot(trace, value, slot, part)
        for node in trace.nodes
        for value in (*node.args, *node.kwargs.values())
    )


def _hands_on(trace: Trace, node: Node) -> bool:
    return slot_of(trace, node.result) is not None


def is_slot(trace: Trace, value: Value, slot: Slot, part: str) -> bool:
    """Whether a value is that part of the call's result, or holds it."""
    if isinstance(value, Tuple | List):
        return any(is_slot(trace, item, slot, part) for item in value.items)
    found = slot_of(trace, value)
    return found is not None and found.call is slot.call and found.slot == part
