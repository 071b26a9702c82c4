"""Weighing what the author means by the axes of a layer's input against how the layer reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from shapelint.data import dataclass
from shapelint.finding import Place
from shapelint.ops.nature import Nature
from shapelint.reading.quoting import place_of
from shapelint.reading.recurrent import (
    OUTPUT,
    config_of,
    input_of,
    layer_of,
    line_above,
    own_construction,
    recurrent_calls,
    slot_of,
)
from shapelint.reading.single_index import LAST, picks
from shapelint.reading.trail import nature_of
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, Int, Layer, Tensor, Tuple, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.evidence import ENOUGH, NAMED, Evidence
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, evidence_by_symbol, once

BIAS = 3  #: the place of `bias` among the arguments of LSTM and GRU

_OPPOSITE = {Role.BATCH: Role.TIME, Role.TIME: Role.BATCH}


@dataclass(frozen=True, slots=True)
class Intent:
    """The evidence for and against the layout in which the layer reads its input."""

    agreeing: tuple[Evidence, ...]
    opposing: tuple[Evidence, ...]

    @property
    def opposed(self) -> int:
        """The weight of the evidence that the author means the other layout, each kind counted once."""
        return weight_of(self.opposing)

    @property
    def agreed(self) -> int:
        """The weight of the evidence that the author means what the layer does."""
        return weight_of(self.agreeing)

    @property
    def is_other_layout(self) -> bool:
        """Whether the author certainly means the other layout: enough says so, and nothing contradicts."""
        return self.opposed >= ENOUGH and not self.agreeing

    def places(self) -> list[Place]:
        """The opposing evidence as places of a finding."""
        return list(dict.fromkeys(place_of(evidence, evidence.message) for evidence in self.opposing))


def weight_of(evidence: tuple[Evidence, ...]) -> int:
    """The weight of several pieces of evidence, each kind counted once; names of both axes bear each other out."""
    strongest: dict[str, int] = {}
    for piece in evidence:
        strongest[piece.kind] = max(strongest.get(piece.kind, 0), piece.weight)
    named = {piece.role for piece in evidence if piece.kind == NAMED}
    return sum(strongest.values()) + (len(named) > 1)


def intent_of(trace: Trace, call: Node) -> Intent:
    """What the author says of axes 0 and 1 of a recurrent call's batched input."""
    value = input_of(call)
    if not isinstance(value, Tensor) or value.rank != 3:
        return Intent((), ())
    batch_first = config_of(call).batch_first
    roles = (Role.BATCH, Role.TIME) if batch_first else (Role.TIME, Role.BATCH)
    agreeing: list[Evidence] = []
    opposing: list[Evidence] = []
    for place, (axis, role) in enumerate(zip(value.axes, roles, strict=False)):
        pieces = [*_of_whole_batch(trace, value, axis), *trace.told.get((call.span, place), ())]
        pieces += [*_given(trace, value, axis), *_filtered(trace, value, place)]
        pieces += _used(trace).get((call.id, place), ())
        pieces += [*_built(trace, call), *_exchanged(trace, call, value)] if place == 0 else ()
        agreeing += [piece for piece in pieces if piece.role is role]
        opposing += [piece for piece in pieces if piece.role is _OPPOSITE[role]]
    return Intent(tuple(agreeing), tuple(opposing))


def _of_whole_batch(trace: Trace, value: Tensor, axis: Axis) -> list[Evidence]:
    """The evidence on an axis; none where the tensor that it belongs to has a batch axis that the value has not.

    Then the value is one sample of that batch, and what is a step of the sample may be a sample of the layer's: the
    sentences of a story.
    """
    pieces = evidence_of(trace, axis)
    batches = {
        symbol
        for symbol, others in (evidence_by_symbol(trace).items() if pieces else ())
        if _whole(symbol) == _whole(pieces[0].symbol) and any(one.role is Role.BATCH for one in others)
    }
    is_part = bool(batches) and all(batches.isdisjoint(trace.resolve(size).symbols) for size in value.sizes)
    return [] if is_part else pieces


def _whole(symbol: str) -> str:
    """The tensor whose axis a size belongs to."""
    return symbol.rpartition(".size(")[0]


def evidence_of(trace: Trace, axis: Axis) -> list[Evidence]:
    """The evidence on an axis, by the symbol that is its size."""
    symbol = axis.dim.as_symbol
    return [] if symbol is None else evidence_by_symbol(trace).get(symbol, [])


def told_of_calls(traces: Sequence[Trace]) -> dict[tuple[Span, int], tuple[Evidence, ...]]:
    """What any path says of axes 0 and 1 of the input of the file's recurrent calls, by the call's place."""
    told: dict[tuple[Span, int], list[Evidence]] = {}
    for trace in traces:
        for call in recurrent_calls(trace):
            value = input_of(call) if call.path == trace.path else None
            if not isinstance(value, Tensor) or value.rank != 3:
                continue
            for place, axis in enumerate(value.axes[:2]):
                told.setdefault((call.span, place), []).extend(_of_whole_batch(trace, value, axis))
    return {key: tuple(dict.fromkeys(pieces)) for key, pieces in told.items()}


def _given(trace: Trace, value: Tensor, axis: Axis) -> Iterator[Evidence]:
    """The role that an earlier operation gave the axis; a permutation since then may mean to change it."""
    giver = _giver(trace, value, axis) if axis.role in _OPPOSITE else None
    if giver is None:
        return
    message = f"this axis is the {axis.role.value} axis here"
    symbol = axis.dim.as_symbol or ""
    yield Evidence(symbol, axis.role, "layer-layout", 3, giver.span, message, giver.path)


def _filtered(trace: Trace, value: Tensor, place: int) -> Iterator[Evidence]:
    """Axis 0 of a convolution holds samples: they are no steps where the steps are another axis of what it gave.

    Frames of one video are a convolution's samples and a layer's steps: there the batch axis is made after it.
    """
    filtered = _convolution_above(trace, value)
    if filtered is None:
        return
    samples, *others = filtered.value.sizes
    read, other = value.axes[place], value.axes[1 - place]
    kept = read.dim == samples and samples not in others and other.dim in others
    if kept and other.role is not Role.CHANNEL:
        message = "axis 0 of this convolution holds the samples"
        yield Evidence("", Role.BATCH, "convolution", 3, filtered.giver.span, message, filtered.giver.path)


@dataclass(frozen=True, slots=True)
class _Filtered:
    """A value laid out as convolutions give it, (samples, channels, ...), and the node that gave it its channels."""

    value: Tensor
    giver: Node


def _convolution_above(trace: Trace, value: Tensor) -> _Filtered | None:
    """The last value above, along first arguments, whose axis 1 a convolution gave the role of channels."""
    layout = None
    for node in line_above(trace, value) if _has_channels(trace) else ():
        if layout is None and _is_of_channels(node.result):
            layout = node.result
        if layout is not None and node.span == layout.axes[1].origin:
            return _Filtered(layout, node)
    return None


@once
def _has_channels(trace: Trace) -> bool:
    return any(_is_of_channels(node.result) for node in trace.nodes)


def _is_of_channels(value: Value) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.rank >= 3 and value.axes[1].role is Role.CHANNEL


def _built(trace: Trace, call: Node) -> Iterator[Evidence]:
    """A True in the place of `bias`, which is True without being said, was meant for batch_first."""
    flag = misplaced_flag(trace, layer_of(call))
    if flag is not None:
        yield Evidence("", Role.BATCH, "flag-in-bias", 2, flag.span, "this True is `bias`, which is True anyway")


def _exchanged(trace: Trace, call: Node, value: Tensor) -> Iterator[Evidence]:
    """Axes that are exchanged for a batch-first layer: maybe so that the time comes first."""
    made = None if value.ref is None else trace.node(value.ref)
    source = made.args[0] if made is not None and made.args else None
    if made is None or nature_of(made) is not Nature.PERMUTATION or not isinstance(source, Tensor):
        return
    unknown = all(axis.role not in _OPPOSITE for axis in source.axes)
    turned = value.sizes[:2] == source.sizes[1::-1]
    if unknown and turned and config_of(call).batch_first:
        yield Evidence("", Role.TIME, "exchange", 1, made.span, "the first two axes are exchanged here", made.path)


def misplaced_flag(trace: Trace, layer: Layer) -> facts.Argument | None:
    """The True that stands in the place of `bias` as the last positional argument, without a batch_first."""
    construction = own_construction(trace, layer)
    if construction is None or "nonlinearity" in layer.named or not isinstance(construction.expression, facts.Call):
        return None
    arguments = construction.expression.arguments
    positional = [argument for argument in arguments if argument.keyword is None]
    if len(positional) != BIAS + 1 or any(one.star or one.keyword == "batch_first" for one in arguments):
        return None
    return positional[BIAS] if construction.args[BIAS] == Bool(True) else None


def _giver(trace: Trace, value: Tensor, axis: Axis) -> Node | None:
    """The node that gave the axis its role; None where a permutation came since, or it is not found."""
    for node in line_above(trace, value):
        if node.span == axis.origin:
            return node
        if nature_of(node) is Nature.PERMUTATION:
            return None
    return None


@once
def _used(trace: Trace) -> dict[tuple[int, int], list[Evidence]]:
    """What the uses of an output say of an axis of it, by the call and the axis: its last entry, or it is pooled."""
    found: dict[tuple[int, int], list[Evidence]] = {}
    for pick in picks(trace):
        call = _output_of(trace, pick.base) if pick.index == LAST else None
        if call is not None:
            told = _used_as_time(pick.node, "last-index", "the last entry of this axis is taken: a step")
            found.setdefault((call.id, pick.axis), []).append(told)
    for node in trace.nodes:
        pooled = pooled_axis(node)
        call = None if pooled is None else _output_of(trace, node.args[0])
        if call is not None and pooled is not None:
            told = _used_as_time(node, "pooled-axis", "this axis is pooled away: the steps")
            found.setdefault((call.id, pooled), []).append(told)
    return found


def _used_as_time(node: Node, kind: str, message: str) -> Evidence:
    return Evidence("", Role.TIME, kind, 2, node.span, message, node.path)


#: what makes one entry of all entries of an axis
POOLS = frozenset((Nature.MEAN, Nature.EXTREME, Nature.TOTAL))


def pooled_axis(node: Node) -> int | None:
    """The one axis of three that a node pools over; None where it pools over others, or does something else."""
    base = node.args[0] if node.args else None
    if nature_of(node) not in POOLS or node.error is not None:
        return None
    if not isinstance(base, Tensor) or base.rank != 3:
        return None
    dim = node.bound.get("dim")
    named = dim if isinstance(dim, tuple) else (dim,)
    numbers = [one.dim if isinstance(one, Int) else one for one in named]
    found = numbers[0].constant if len(numbers) == 1 and isinstance(numbers[0], Dim) else None
    return None if found is None else found % 3


def pooled_value(node: Node) -> Tensor | None:
    """What is left of what a node pools: a maximum along an axis comes with its indices."""
    result = node.result.items[0] if isinstance(node.result, Tuple) and node.result.items else node.result
    return result if isinstance(result, Tensor) else None


def _output_of(trace: Trace, value: object) -> Node | None:
    """The recurrent call that a value is the output of."""
    slot = slot_of(trace, value) if isinstance(value, Tensor) else None
    return slot.call if slot is not None and slot.slot == OUTPUT else None
