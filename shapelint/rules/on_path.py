"""What the rules find on one path: what is the analysed file's own, where the code is understood, and told once."""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.finding import Finding
from shapelint.reading.trail import above
from shapelint.rules.base import RULES
from shapelint.rules.index import checks_on
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def on_path(trace: Trace, codes: frozenset[str]) -> Iterable[Finding]:
    """What the selected rules find on one path of the analysed file."""
    # what an imported file does wrong is reported where that file is checked
    told = [f for one in checks_on(trace, codes) for f in one.run(trace) if f.code in codes and f.path == trace.path]
    # behind a guard at which the code raises it is not run, or was misunderstood
    told = [f for f in told if all(claim.target.node < trace.doubtful_from for claim in f.claims)]
    if trace.is_by_default:
        told = [f for f in told if RULES[f.code].general]
    causes = {claim.target.node for f in told if not RULES[f.code].general for claim in f.claims}
    for finding in told:
        is_explained = RULES[finding.code].general and _is_explained(trace, finding, causes, codes)
        if not is_explained and not _is_expected(trace, finding):
            yield finding


def _is_explained(trace: Trace, finding: Finding, causes: set[int], codes: frozenset[str]) -> bool:
    """Whether a rule that knows the cause tells of what a general rule found, or its user has switched that off."""
    node = trace.node(finding.claims[0].target)
    return _is_switched_off(trace, node, codes) or not causes.isdisjoint(
        {node.id, *above(trace, [*node.args, *node.kwargs.values()])}
    )


def _is_switched_off(trace: Trace, node: Node, codes: frozenset[str]) -> bool:
    """Whether a rule that is not wanted would tell of what torch refuses there."""
    code = None if node.error is None else node.error.code
    if code is None or code in codes:
        return False
    told = (found for one in checks_on(trace, frozenset((code,))) for found in one.run(trace) if found.code == code)
    return any(claim.target.node == node.id for found in told for claim in found.claims)


def _is_expected(trace: Trace, finding: Finding) -> bool:
    """Whether what is found stands in a block that is meant to fail, or to warn: its author knows."""
    return any(path == finding.path and _holds(block, finding.span) for path, block in trace.expected)


def _holds(block: Span, span: Span) -> bool:
    return block.line <= span.line and span.end_line <= block.end_line
