"""Making findings: shapes, places and edits that every rule needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Confidence, Finding, Fix, Place, Severity, ShownShape
from shapelint.reading.quoting import naming_of, place_of, quote
from shapelint.reading.recurrent import input_of
from shapelint.reading.written import argument
from shapelint.rules.base import Rule
from shapelint.shapes.axis import Axis
from shapelint.shapes.render import Naming
from shapelint.shapes.value import Packed, Tensor, Value
from shapelint.source import Span
from shapelint.trace.node import SCRIPT, Node
from shapelint.trace.trace import Trace


def report(
    rule: Rule,
    trace: Trace,
    node: Node,
    message: str,
    *,
    claims: Sequence[Claim],
    shapes: Iterable[tuple[str, Value]] = (),
    related: Iterable[Place] = (),
    help: str | None = None,
    fixes: Iterable[Fix | None] = (),
    confidence: Confidence | None = None,
    span: Span | None = None,
) -> Finding:
    """A finding at a node, with the shapes shown in the user's names and the calls that lead there.

    `confidence` overrules the rule's; `fixes` come the likeliest first, without those that are None.
    """
    naming = naming_of(trace)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=_severity(rule, claims),
        confidence=confidence or rule.confidence,
        path=node.path,
        span=span or node.span,
        message=message,
        shapes=tuple(shown for name, value in shapes for shown in _shown(naming, name, value)),
        related=(*related, *_calls(trace, node)),
        help=help,
        claims=tuple(claims),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _severity(rule: Rule, claims: Sequence[Claim]) -> Severity:
    """An error is what torch raises for; a rule of errors may have a form that runs."""
    if any(isinstance(claim, Raises) for claim in claims):
        return Severity.ERROR
    return Severity.WARNING if rule.severity is Severity.ERROR else rule.severity


def _shown(naming: Naming, name: str, value: Value) -> Iterable[ShownShape]:
    axes: tuple[Axis, ...] | None = None
    if isinstance(value, Tensor):
        axes = value.axes
    elif isinstance(value, Packed):
        axes = (value.batch, value.time, *value.features)
    if axes is not None:
        yield ShownShape(name, naming.shape(axes), naming.roles(axes))


def _calls(trace: Trace, node: Node) -> list[Place]:
    """For what only a concrete call shows: the call."""
    if trace.entry != SCRIPT or not node.frames:
        return []
    frame = node.frames[0]
    return [place_of(frame, "in this call")]


def input_shape(trace: Trace, call: Node) -> list[tuple[str, Value]]:
    """The input of a layer's call under its name in the source."""
    given, value = argument(call, 0, "input"), input_of(call)
    return [] if given is None or value is None else [(quote(trace, given.value.span), value)]
