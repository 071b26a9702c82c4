"""How a refused operation is told: in torch's terms, with both sizes and the lines that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Ref
from shapelint.ops.registry import ShapeError
from shapelint.reading.quoting import naming_of, quote
from shapelint.reading.recurrent import is_repeated, own_construction
from shapelint.reading.sizes.refusals import Reason, reason_of, refused, sources
from shapelint.reading.trail import FORWARD
from shapelint.reading.written import written
from shapelint.rules.base import Rule
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Layer, List, Tensor, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def told(rule: Rule, trace: Trace, reason: Reason, help: str) -> Iterator[Finding]:
    """The operations that torch refuses for a reason, each as a finding, with the mend in words."""
    for node, error in refused(trace):
        if reason_of(node, error) is reason:
            yield _finding(rule, trace, node, error, help)


def _finding(rule: Rule, trace: Trace, node: Node, error: ShapeError, help: str) -> Finding:
    naming = naming_of(trace)
    return report(
        rule,
        trace,
        node,
        f"torch refuses `{quote(trace, node.span)}`: {error.told(naming.dim)}",
        claims=[Raises(Ref(node.id))],
        shapes=_operands(trace, node),
        related=sources(trace, node, error, naming),
        help=help,
        fixes=[_built_for(trace, node, error)],
    )


def _built_for(trace: Trace, node: Node, error: ShapeError) -> Fix | None:
    """Build the layer for the number that it gets, where it is built for another one outright."""
    expected, got = (error.details.get(side) for side in ("expected", "got"))
    layer = node.args[0] if node.args else None
    if not isinstance(layer, Layer) or not isinstance(got, Dim) or got.constant is None:
        return None
    built = own_construction(trace, layer)
    if built is None:
        return None
    given = next((written(built, name) for name, value in layer.config.items() if value == expected), None)
    if given is None or not isinstance(given.value, facts.Literal) or is_repeated(trace, built):
        return None
    return Fix(f"build it for {got}", (Edit(given.value.span, str(got)),), safe=True)


def _operands(trace: Trace, node: Node) -> list[tuple[str, Value]]:
    """The tensors that the operation is given, under the names that they are written with."""
    values = node.args[1:] if node.op.endswith(FORWARD) else node.args
    pairs = (pair for one, value in zip(_written(node), values, strict=False) for pair in _items(one, value))
    return [(quote(trace, one.span), value) for one, value in pairs if isinstance(value, Tensor)]


def _items(written: facts.Expression, value: Value) -> list[tuple[facts.Expression, Value]]:
    if isinstance(written, facts.Sequence) and isinstance(value, Tuple | List):
        return list(zip(written.items, value.items, strict=False))
    return [(written, value)]


def _written(node: Node) -> list[facts.Expression]:
    """The operands as they are written, in the order of the operation's arguments."""
    match node.expression:
        case facts.Binary(left=left, right=right):
            return [left, right]
        case facts.Subscript(value=value):
            return [value]
        case facts.Call(func=facts.Attribute(value=receiver), arguments=given) if node.op.startswith("torch.Tensor."):
            return [receiver, *_plain(given)]
        case facts.Call(arguments=given):
            return _plain(given)
    return []


def _plain(given: tuple[facts.Argument, ...]) -> list[facts.Expression]:
    """The arguments before the first that is unpacked or has a name."""
    return [one.value for one in takewhile(lambda one: not one.star and one.keyword is None, given)]
