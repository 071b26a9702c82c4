"""Constructions of recurrent layers and cells that torch refuses, at once or at the first call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Edit, Finding, Fix, Ref
from shapelint.ops.registry import LAYERS, ShapeError
from shapelint.reading.operations import short_name
from shapelint.reading.quoting import quote
from shapelint.reading.recurrent import own_construction
from shapelint.reading.written import written
from shapelint.rules.base import Rule
from shapelint.rules.report import report
from shapelint.shapes.value import Layer
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Refused:
    """A construction, and the node that raises for it: itself, or a call of the layer."""

    built: Node
    raising: Node
    error: ShapeError
    name: str  #: the parameter or keyword that is refused

    @property
    def written(self) -> facts.Argument | None:
        """The refused argument as it is written."""
        return written(self.built, self.name)

    @property
    def kind(self) -> str:
        """`nn.LSTM`."""
        return f"nn.{short_name(self.built)}"


def refused(trace: Trace, code: str) -> Iterator[Refused]:
    """The constructions that torch refuses for the reason `code`."""
    for node in trace.nodes:
        if node.error is None or node.error.code != code:
            continue
        layer = node.args[0] if node.args else None
        built = own_construction(trace, layer) if isinstance(layer, Layer) else node
        if built is not None and built.op in LAYERS:
            yield Refused(built, node, node.error, str(node.error.details.get("argument", "")))


def shown(trace: Trace, one: Refused) -> str:
    """The refused value as it is written."""
    given = one.written
    return "what is given" if given is None else f"`{quote(trace, given.value.span)}`"


def tell(rule: Rule, trace: Trace, one: Refused, message: str, help: str, fixes: Sequence[Fix | None] = ()) -> Finding:
    """A finding at a refused construction: torch raises there, or at the layer's call."""
    claims = [Raises(Ref(one.raising.id))]
    return report(rule, trace, one.built, message, claims=claims, help=help, fixes=fixes)


def replaced(given: facts.Argument, text: str) -> Fix:
    """Write another value for an argument that torch refuses."""
    return Fix(f"write `{text}`", (Edit(given.value.span, text),), safe=True)


def renamed(given: facts.Argument, name: str) -> Fix | None:
    """Give a keyword argument its right name."""
    if given.keyword is None:
        return None
    start = given.span
    key = Span(start.line, start.column, start.line, start.column + len(given.keyword))
    return Fix(f"call it {name}", (Edit(key, name),), safe=True)


def left_away(built: Node, given: facts.Argument) -> Fix | None:
    """Leave an argument away, with the comma before it."""
    arguments = built.expression.arguments if isinstance(built.expression, facts.Call) else ()
    place = arguments.index(given) if given in arguments else 0
    if not place:
        return None
    before, end = arguments[place - 1].span, given.span
    span = Span(before.end_line, before.end_column, end.end_line, end.end_column)
    return Fix("leave it away", (Edit(span, ""),), safe=True)
