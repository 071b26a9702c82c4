"""From findings to verdicts, and the proof of fixes. Torch-free: the caller owns the worker.

The analysis, maybe in a pool's process, turns a finding's claims into programs (`judge`); the parent asks
torch about them, and puts the verdicts together (`combine`). A fix is proven by analysing the mended text
again: the value at the same place must now pass where it failed, and so must what is made of it (`mended_programs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Claim, Edit, Finding, Fix, Footprint, Ref, Status, Verdict
from shapelint.ops.names import UNBIND, UNPACK
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace
from shapelint.verify.beyond import Beyond, beyond, may_be_undone
from shapelint.verify.cases import Cases, cases
from shapelint.verify.client import Verifier
from shapelint.verify.edits import apply_edits, map_span
from shapelint.verify.program.program import NotReplayable, Program, build
from shapelint.verify.samples import follow_samples

Built = Program | NotReplayable
Analyse = Callable[[str], Iterable[Trace]]  #: the traces of a changed text


@dataclass(frozen=True, slots=True)
class Case:
    """Claims about one path, and the programs that test them, in the same order.

    `beyond` ask the same of what is made of the rows that a claim is about: samples that are mixed and parted again
    do no harm.
    """

    claims: tuple[Claim, ...]
    programs: tuple[Built, ...]
    beyond: tuple[Beyond, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with the programs that put it to the test: small, plain, and it pickles.

    `path` tells in words which values of parameters and settings lead to it.
    """

    finding: Finding
    cases: tuple[Case, ...]
    assumed: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


def judge(finding: Finding, trace: Trace) -> Judged:
    """Build the programs for a finding on the trace that it was found on, and at other ranks of its leaves."""
    return judged(cases(finding, trace))


def judged(found: Cases) -> Judged:
    """The programs of a finding whose ranks were tried."""
    path = tuple(decision.told for decision in found.hits[0][1].decisions if decision.setting is not None)
    return Judged(found.finding, tuple(_case(*hit) for hit in found.hits), found.assumed, path)


def _case(finding: Finding, trace: Trace) -> Case:
    later = [one for claim in finding.claims if may_be_undone(trace, claim) for one in beyond(trace, claim)]
    return Case(finding.claims, tuple(build(trace, claim) for claim in finding.claims), tuple(later))


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
    """The finding with its verdict: torch must confirm every claim of every case, and nothing may be assumed."""
    verdict = combine([_verdict(case, verifier) for case in judged.cases])
    if judged.assumed and verdict.status is Status.CONFIRMED:
        verdict = replace(verdict, status=Status.UNVERIFIED, assumed=judged.assumed)
    return replace(judged.finding, verdict=verdict)


def _verdict(case: Case, verifier: Verifier) -> Verdict:
    """Torch's word on one path: a mistake that nothing is left of in the end is none."""
    verdict = combine(verdicts_of(case.programs, case.claims, verifier))
    if verdict.status is not Status.CONFIRMED or not case.beyond:
        return verdict
    if not all(_refuted(one.program, verifier) for one in case.beyond):
        return verdict
    lines = " and ".join(sorted({one.line for one in case.beyond}))
    detail = f"{verdict.detail}, and nothing is left of that on line {lines}"
    return replace(verdict, status=Status.REFUTED, detail=detail, footprint=None)


@dataclass(frozen=True, slots=True)
class Mended:
    """The programs that torch must refute for a fix to be proven: at the mended place, and `beyond` it."""

    programs: tuple[Built, ...] = ()
    beyond: tuple[Beyond, ...] = ()


def mended_programs(finding: Finding, fix: Fix, old: Trace, analyse: Analyse) -> Mended:
    """The programs that prove a fix; none for a finding without claims.

    `analyse` reads the mended text again. Of its traces of the same entry, the first in which the claims'
    values are found is taken, one that took the same branches before others.
    """
    wanted = fix.claims or finding.claims
    if not wanted:
        return Mended()
    edits = fix.edits
    traces = [new for new in analyse(apply_edits(old.text, edits)) if new.entry == old.entry]
    for new in sorted(traces, key=lambda new: new.decisions != old.decisions):
        claims = [moved for claim in wanted if (moved := retarget(old, claim, new, edits)) is not None]
        if len(claims) == len(wanted):
            later = {one: None for claim in claims for one in beyond(new, claim)}
            return Mended(tuple(build(new, claim) for claim in claims), tuple(later))
    return Mended((NotReplayable("the value is not found in the mended text"),))


def prove_fix(fix: Fix, mended: Mended, verifier: Verifier) -> Fix:
    """The fix, marked as proven if torch refutes every claim on the mended text; else with what is left there.

    What does not mend all of a call is not safe: the program goes on to the next mistake.
    """
    if not mended.programs or not all(_refuted(program, verifier) for program in mended.programs):
        return replace(fix, safe=False)
    fix = replace(fix, footprint=_footprint(mended, verifier))
    left = next((one for one in mended.beyond if not _refuted(one.program, verifier)), None)
    return replace(fix, proven=True) if left is None else replace(fix, safe=False, left=_what_is_left(left, verifier))


def _footprint(mended: Mended, verifier: Verifier) -> Footprint | None:
    programs = [program for program in mended.programs if isinstance(program, Program)]
    found = (verdict.footprint for verdict in verifier.check(programs))
    return next((footprint for footprint in found if footprint is not None), None)


def _refuted(built: Built, verifier: Verifier) -> bool:
    return isinstance(built, Program) and verifier.check([built])[0].status is Status.REFUTED


def _what_is_left(later: Beyond, verifier: Verifier) -> str:
    if isinstance(later.program, NotReplayable):
        return f"line {later.line} cannot be run: {later.program.reason}"
    return f"line {later.line}: {verifier.check([later.program])[0].detail}"


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
    if isinstance(claim, Raises):
        options = {name: value for name, value in options.items() if name in _still_asked(new, target)}
    return follow_samples(old, claim, new, claim.of(target, options))


def _still_asked(new: Trace, target: Ref) -> tuple[str, ...]:
    """The options of `raises` that mended code must pass: no other text may be raised either."""
    unpacked = any(
        node.op in (UNPACK, UNBIND) and getattr(base, "ref", None) == target
        for node in new.nodes
        for base in node.args[:1]
    )
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
