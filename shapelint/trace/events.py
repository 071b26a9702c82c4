"""What a path does besides operations: names it binds, items it takes, loops and backward passes."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Value
from shapelint.source import Span
from shapelint.syntax.facts import Subscript
from shapelint.trace.node import Frame


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that was given a value: an assignment's target, or a call's text."""

    span: Span
    name: str
    value: Value
    path: str


@dataclass(frozen=True, slots=True)
class Selection:
    """An item that a subscript takes of the tuple `whole` that an operation gave: `state[-1]`, not `state[i]`."""

    whole: Ref
    index: int
    expression: Subscript
    path: str


@dataclass(frozen=True, slots=True)
class BackwardPass:
    """A call of `.backward()`, made after the first `after` nodes; `retains` where it may keep the graph.

    `loss` is what it goes back from, None where that is not understood.
    """

    after: int
    retains: bool
    span: Span
    path: str
    frames: tuple[Frame, ...]
    loss: Ref | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """The nodes of a loop of which the first round and one later round were followed.

    Its items were taken from `begin` on, the first round runs from `start`, the later one from `later` to `end`.
    `count` is the number of all rounds, `step` the symbol that is the later round's number.
    """

    begin: int
    start: int
    later: int
    end: int
    count: Dim
    step: str
