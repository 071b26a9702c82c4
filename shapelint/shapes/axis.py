"""One axis of a tensor: its size, what it means, and which line says so."""

from __future__ import annotations

from enum import Enum

from shapelint.data import dataclass
from shapelint.shapes.dim import Dim
from shapelint.source import Span


class Role(str, Enum):
    """What an axis means, in torch's words."""

    BATCH = "batch"
    TIME = "time"
    FEATURE = "feature"
    LAYERS = "layers"  #: layers x directions, the first axis of h_n and c_n
    CHANNEL = "channel"
    UNKNOWN = "?"


SEQUENCE = frozenset((Role.BATCH, Role.TIME))  #: the roles of the axes that are not one step's features


@dataclass(frozen=True, slots=True)
class Axis:
    """`dim` long; `origin` is the span that gave the role (the layer call, the comment).

    `parts` are the axes, slowest first, that a view or reshape merged into this one: splitting an axis
    by the sizes of its parts gives the parts back. `sources` mark which axes of which operands it is, (operand, axis)
    each, while the flow of an operation is derived (`ops/derive.py`); they are empty else.
    """

    dim: Dim
    role: Role = Role.UNKNOWN
    origin: Span | None = None
    parts: tuple[Axis, ...] = ()
    sources: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return f"{self.dim}:{self.role.value}"
