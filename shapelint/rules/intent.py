"""Weighing what the author means by the axes of a recurrent layer's input against how the layer reads them."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.finding import Place
from shapelint.infer.trace import Evidence, Node, Trace
from shapelint.rules.navigate import input_of, layer_of
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.value import Tensor

_OPPOSITE = {Role.BATCH: Role.TIME, Role.TIME: Role.BATCH}


@dataclass(frozen=True, slots=True)
class Intent:
    """The evidence for and against the layout in which the layer reads its input."""

    agreeing: tuple[Evidence, ...]
    opposing: tuple[Evidence, ...]

    @property
    def opposed(self) -> int:
        """The weight of the evidence that the author means the other layout, each kind counted once."""
        return _weight(self.opposing)

    @property
    def agreed(self) -> int:
        """The weight of the evidence that the author means what the layer does."""
        return _weight(self.agreeing)

    def places(self) -> list[Place]:
        """The opposing evidence as places of a finding."""
        return [Place(evidence.span, evidence.message) for evidence in self.opposing]


def _weight(evidence: tuple[Evidence, ...]) -> int:
    strongest: dict[str, int] = {}
    for piece in evidence:
        strongest[piece.kind] = max(strongest.get(piece.kind, 0), piece.weight)
    return sum(strongest.values())


def intent_of(trace: Trace, call: Node) -> Intent:
    """What the author says of axes 0 and 1 of a recurrent call's batched input."""
    value = input_of(call)
    if not isinstance(value, Tensor) or value.rank != 3:
        return Intent((), ())
    batch_first = layer_of(call).config.get("batch_first") is True
    roles = (Role.BATCH, Role.TIME) if batch_first else (Role.TIME, Role.BATCH)
    agreeing: list[Evidence] = []
    opposing: list[Evidence] = []
    for axis, role in zip(value.axes, roles, strict=False):
        for piece in evidence_of(trace, axis):
            if piece.role is role:
                agreeing.append(piece)
            elif piece.role is _OPPOSITE[role]:
                opposing.append(piece)
    return Intent(tuple(agreeing), tuple(opposing))


def evidence_of(trace: Trace, axis: Axis) -> list[Evidence]:
    """The evidence on an axis, by the symbol that is its size."""
    symbol = axis.dim.as_symbol
    return [piece for piece in trace.evidence if piece.symbol == symbol]
