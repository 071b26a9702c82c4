"""From findings to verdicts, and the proof of fixes. Torch-free: the caller owns the worker.

The analysis, maybe in a pool's process, turns a finding's claims into programs (`judge`); the parent asks
torch about them, and puts the verdicts together (`combine`). A fix is proven by analysing the mended text
again: the value at the same place must now pass where it failed (`fix_programs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Status, Verdict
from shapelint.infer.assign import UNBIND, UNPACK
from shapelint.infer.trace import Node, Trace
from shapelint.source import Span
from shapelint.verify.client import Verifier
from shapelint.verify.edits import apply_edits, map_span
from shapelint.verify.program import NotReplayable, Program, build
from shapelint.verify.samples import follow_samples

Built = Program | NotReplayable
Analyse = Callable[[str], Iterable[Trace]]  #: the traces of a changed text


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with the programs of its claims, in the order of the claims: small, plain, and it pickles."""

    finding: Finding
    programs: tuple[Built, ...]


def judge(finding: Finding, trace: Trace) -> Judged:
    """Build the programs for a finding on the trace that it was found on."""
    return Judged(finding, tuple(build(trace, claim) for claim in finding.claims))


def verdicts_of(programs: Sequence[Built], claims: Sequence[Claim], verifier: Verifier) -> list[Verdict]:
    """Ask torch about the programs; those that cannot be replayed are unverified, with their reason."""
    asked = iter(verifier.check([program for program in programs if isinstance(program, Program)]))
    return [
        next(asked) if isinstance(program, Program) else unverified(claim.property, program.reason)
        for program, claim in zip(programs, claims, strict=True)
    ]


def unverified(property: str, reason: str) -> Verdict:
    """The verdict where torch was not asked."""
    return Verdict(Status.UNVERIFIED, property, reason)


def combine(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict for all claims of a finding: refuted if one is, confirmed if all are.

    The verdict of several confirmed claims is the first, or the first that has a footprint.
    """
    if not verdicts:
        return unverified("", "the finding makes no claim that torch can test")
    for status in (Status.REFUTED, Status.UNVERIFIED):
        found = next((verdict for verdict in verdicts if verdict.status is status), None)
        if found is not None:
            return found
    return next((verdict for verdict in verdicts if verdict.footprint is not None), verdicts[0])


def prove(judged: Judged, verifier: Verifier) -> Finding:
    """The finding with its verdict."""
    verdicts = verdicts_of(judged.programs, judged.finding.claims, verifier)
    return replace(judged.finding, verdict=combine(verdicts))


def fix_programs(finding: Finding, fix: Fix, old: Trace, analyse: Analyse) -> tuple[Built, ...]:
    """The programs that must be refuted for a fix to be proven; empty for a finding without claims.

    `analyse` reads the mended text again. Of its traces of the same entry, the first in which the claims'
    values are found is taken, one that took the same branches before others.
    """
    wanted = fix.claims or finding.claims
    if not wanted:
        return ()
    edits = fix.edits
    traces = [new for new in analyse(apply_edits(old.text, edits)) if new.entry == old.entry]
    for new in sorted(traces, key=lambda new: new.decisions != old.decisions):
        claims = [retarget(old, claim, new, edits) for claim in wanted]
        if None not in claims:
            return tuple(build(new, claim) for claim in claims if claim is not None)
    return (NotReplayable("the value is not found in the mended text"),)


def prove_fix(fix: Fix, programs: Sequence[Built], verifier: Verifier) -> Fix:
    """The fix, marked as proven if torch refutes every claim on the mended text."""
    if not programs or not all(isinstance(program, Program) for program in programs):
        return fix
    verdicts = verifier.check([program for program in programs if isinstance(program, Program)])
    return replace(fix, proven=all(verdict.status is Status.REFUTED for verdict in verdicts))


def retarget(old: Trace, claim: Claim, new: Trace, edits: Sequence[Edit]) -> Claim | None:
    """The same claim about the mended text: every reference moved to the node at the mapped place.

    None where a value has no counterpart. A fix may exchange the operation (`view` for `transpose` and
    `reshape`): the target is what now stands at its place, other values must come from the same operation.
    """
    target = _moved(old, claim.target, new, edits, is_target=True)
    if target is None:
        return None
    options: dict[str, object] = {}
    for name, value in claim.options.items():
        moved = _moved_option(old, value, new, edits)
        if moved is None:
            return None
        options[name] = moved
    if claim.property == "raises":
        options = {name: value for name, value in options.items() if name in _still_asked(new, target)}
    return follow_samples(old, claim, new, replace(claim, target=target, options=options))


def _still_asked(new: Trace, target: Ref) -> tuple[str, ...]:
    """The options of `raises` that mended code must pass: no other text may be raised either."""
    unpacked = any(node.op in (UNPACK, UNBIND) and getattr(node.args[0], "ref", None) == target for node in new.nodes)
    return ("unpack", "on_device") if unpacked else ("on_device",)


def _moved_option(old: Trace, value: object, new: Trace, edits: Sequence[Edit]) -> object | None:
    if isinstance(value, Ref):
        return _moved(old, value, new, edits, is_target=False)
    if isinstance(value, tuple | list):
        items = [_moved_option(old, item, new, edits) for item in value]
        return None if None in items else tuple(items)
    return value


def _moved(old: Trace, ref: Ref, new: Trace, edits: Sequence[Edit], *, is_target: bool) -> Ref | None:
    before = old.node(ref)
    occurrence = [node.id for node in _alike(old, before, before.span)].index(before.id)
    # what is appended to a target mends it: `out.view(...)` may become `out.view(...).transpose(0, 1)`
    for grow in (True, False) if is_target else (False,):
        span = map_span(before.span, edits, grow)
        alike = _alike(new, before, span)
        if occurrence < len(alike):
            return Ref(alike[occurrence].id, ref.path)
        there = [node for node in new.nodes if (node.span, node.path) == (span, before.path)]
        if is_target and there and not ref.path:
            return Ref(there[-1].id)
        inside = [node for node in new.nodes if _is_inside(node, before, span)]
        if is_target and before.error is not None and inside:  # `h.detach()` may become `tuple(v.detach() for v in h)`
            return Ref(inside[-1].id, ref.path)
    base = getattr(before.args[0], "ref", None) if before.args else None
    if is_target and base is not None and _is_left_away(before.span, edits):
        return _moved(old, base, new, edits, is_target=False)
    return None


def _is_inside(node: Node, like: Node, span: Span) -> bool:
    return (node.path, node.op, len(node.frames)) == (like.path, like.op, len(like.frames)) and span.covers(node.span)


def _is_left_away(span: Span, edits: Sequence[Edit]) -> bool:
    """Whether an edit removes the end of an operation, `[order]`, and leaves what it works on."""
    end = (span.end_line, span.end_column)
    removed = [edit.span for edit in edits if not edit.text and edit.span != span and span.covers(edit.span)]
    return any((part.end_line, part.end_column) == end for part in removed)


def _alike(trace: Trace, like: Node, span: Span) -> list[Node]:
    """The nodes of the same operation at a place, reached through as many calls."""
    wanted = (span, like.path, like.op, len(like.frames))
    return [node for node in trace.nodes if (node.span, node.path, node.op, len(node.frames)) == wanted]
