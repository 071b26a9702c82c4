"""Findings about states of lower layers: how sure they are, what proves them, and what mends them."""

from __future__ import annotations

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Ref
from shapelint.reading.layout.entries import Entries, final_state_confidence
from shapelint.reading.quoting import construction_place, quote, replace_text
from shapelint.reading.recurrent import Slot
from shapelint.reading.single_index import pick_of
from shapelint.rules.base import Rule
from shapelint.rules.report import report
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def layer_confidence(trace: Trace, node: Node, entries: Entries) -> Confidence | None:
    """How sure it is that the state of the last layer is meant; less where only a default says how many there are."""
    confidence = final_state_confidence(trace, node, entries.slot)
    if confidence is None or not entries.is_default:
        return confidence
    return Confidence.MEDIUM if confidence is Confidence.HIGH else Confidence.LOW


def by_default(entries: Entries) -> str:
    """What a message adds where only a default says how many layers there are."""
    return ", the default" if entries.is_default else ""


def dead_layer(slot: Slot, node: Node) -> list[Claim]:
    """Weights of the layer get no gradient from what a node gives."""
    assert slot.layer.ref is not None
    return [DeadParameters(Ref(node.id), layer=slot.layer.ref)]


def last_layer_fix(entries: Entries, picked: list[Node], description: str) -> Fix | None:
    """Pick the same directions of the last layer, where they are picked from h_n itself by one subscript each."""
    edits: list[Edit] = []
    for node in picked:
        pick, expression = pick_of(node), node.expression
        if pick is None or pick.base.rank != 3 or pick.kept or not isinstance(expression, facts.Subscript):
            return None
        number = pick.index.constant
        assert number is not None
        index = -1 if entries.directions == 1 else -2 + number % 2
        edits.append(replace_text(expression.index_span, str(index)))
    if entries.directions == 2 and len(picked) == 1:
        return None  # both directions are needed: twice as many features
    return Fix(description, tuple(edits))


def last_layer_finding(
    trace: Trace,
    rule: Rule,
    node: Node,
    slot: Slot,
    message: str,
    claims: list[Claim],
    fix: Fix | None,
    confidence: Confidence,
) -> Finding:
    """A finding that shows the value, and says what the state of the last layer is."""
    both = slot.config.bidirectional
    right = "`torch.cat((h_n[-2], h_n[-1]), dim=-1)`" if both else "`h_n[-1]`"
    return report(
        rule,
        trace,
        node,
        message,
        claims=claims,
        shapes=[(quote(trace, node.span), node.result)],
        related=[construction_place(slot.layer)],
        help=f"the final state of the last layer is {right}",
        fixes=[fix],
        confidence=confidence,
    )
