"""One list of what the rules find on all paths of a file.

A path is one way through the code. What every path finds that reaches a place is certain; what only some find
names the branch and loses confidence: the branch may never be taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shapelint.choices.questions import Same
from shapelint.effort import phase
from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.project.settings import is_default_left, is_left_alone, values_passed
from shapelint.reading.layout.intent import told_of_calls
from shapelint.reading.sizes.losses import classes_last
from shapelint.rules.base import RULES
from shapelint.rules.on_path import on_path
from shapelint.rules.sides_taken import is_of_parameters, is_taken
from shapelint.rules.vetoes import is_contradicted
from shapelint.source import Span
from shapelint.trace.decision import Decision
from shapelint.trace.node import SCRIPT, Frame
from shapelint.trace.trace import Trace, once, once_for

_LEVELS = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)

Hit = tuple[Finding, Trace]
Frames = tuple[Frame, ...]  #: the calls that lead to a place


@phase("rules")
def findings(traces: list[Trace], codes: frozenset[str]) -> list[Hit]:
    """What the selected rules find on the paths of one file, each mistake once, with a path that shows it."""
    groups: dict[tuple[str, str, Span], list[Hit]] = {}
    told, classed = told_of_calls(traces), classes_last(traces)
    for trace in traces:
        trace.told, trace.classed = told if trace.entry == SCRIPT else {}, classed
        for found in _found_on(trace, codes):
            groups.setdefault((found.path, found.code, found.span), []).append((found, trace))
    spans = {span for _, _, span in groups}
    reaching, passing = _reaching(traces, spans), _passing(traces, spans)
    running = _running(traces) if any(fix.safe for hits in groups.values() for f, _ in hits for fix in f.fixes) else {}
    sides = {choice for trace in traces for choice in _choices(trace)} if groups else set()
    merged = (
        _unless_left_alone(_merge(hits, (reaching.get(span, []), passing.get(span, [])), running, sides), hits)
        for (_, _, span), hits in groups.items()
    )
    return sorted((hit for hit in merged if hit is not None), key=lambda hit: (hit[0].span, hit[0].code))


def _found_on(trace: Trace, codes: frozenset[str]) -> list[Finding]:
    """What is found on one path: once, also where an editor's next text has the same path."""
    return once_for(trace, (codes, trace.told, trace.classed), lambda: list(on_path(trace, codes)))


def _reaching(traces: Sequence[Trace], spans: set[Span]) -> dict[Span, list[Trace]]:
    """The paths that reach each of some places, also where they call code of the project there."""
    reaching: dict[Span, list[Trace]] = {}
    for trace in traces if spans else ():
        reached = {node.span for node in trace.nodes if node.path == trace.path}
        calls = {frame for frames in {node.frames for node in trace.nodes} for frame in frames}
        for span in (reached | {call.span for call in calls if call.path == trace.path}) & spans:
            reaching.setdefault(span, []).append(trace)
    return reaching


def _passing(traces: Sequence[Trace], spans: set[Span]) -> dict[Span, list[Trace]]:
    """The paths that run the statements in which some places lie, whatever is known there."""
    passing: dict[Span, list[Trace]] = {}
    for trace in traces if spans else ():
        lines = {line for one in trace.executed for line in range(one.line, one.end_line + 1)}
        for span in spans:
            if span.line in lines and any(one.covers(span) for one in trace.executed):
                passing.setdefault(span, []).append(trace)
    return passing


def _running(traces: Sequence[Trace]) -> dict[int, set[int]]:
    """By the lines of the file, the paths on which something is made there that the path then uses."""
    running: dict[int, set[int]] = {}
    for trace in traces:
        for node in trace.nodes:
            if node.path == trace.path and trace.uses(Ref(node.id)):
                running.setdefault(node.span.line, set()).add(id(trace))
    return running


def _weighed(finding: Finding, shown: set[int], running: Mapping[int, set[int]]) -> Finding:
    """The finding; its fixes are safe only where no path runs through the edited lines that does not show it."""
    fixes = tuple(
        replace(fix, safe=False, description=f"{fix.description}, where no other path needs it as it is")
        if fix.safe and any(running.get(line, set()) - shown for line in _lines(fix))
        else fix
        for fix in finding.fixes
    )
    return replace(finding, fixes=fixes)


def _lines(fix: Fix) -> set[int]:
    return {line for edit in fix.edits for line in range(edit.span.line, edit.span.end_line + 1)}


def _merge(
    hits: list[Hit],
    known: tuple[list[Trace], list[Trace]],
    running: Mapping[int, set[int]],
    sides: set[tuple[str, object]],
) -> Hit | None:
    """One finding for all paths that show it, or None where the file's own calls refute it.

    `known` are the paths that reach the place, and those that run its statement.
    """
    reaching, passing = known
    together = [hit for hit in hits if not _sizes_apart(hit[1])]
    if together:  # what torch refuses on a path that takes sizes apart does not speak against what the others show
        hits, reaching = together, [trace for trace in reaching if not _sizes_apart(trace)]
    showing = [trace for _, trace in hits]
    shown = {id(trace) for trace in showing}
    called = [trace for trace in reaching if trace.entry == SCRIPT]
    if called and not any(id(trace) in shown for trace in called):
        if is_contradicted(*_symbolic_first(hits), called):
            return None
        reaching = [trace for trace in reaching if trace.entry != SCRIPT]
    plain = [hit for hit in hits if not hit[1].likely] or hits
    finding, trace = plain[0] if called and len(called) == len(reaching) else _symbolic_first(plain)
    finding = _weighed(finding, shown, running)
    silent = [t for t in reaching if id(t) not in shown]
    if silent and (last := _in_last_batch(hits)) is not None:
        return last
    if trace.likely:
        if any(t.entry != trace.entry and _is_called_as_deep(t, trace, finding) for t in silent):
            return None  # who calls it gives other sizes than the likely ones
        finding = replace(finding, fixes=())  # their numbers stand where names belong
        if RULES[finding.code].general:
            is_side = any(t.entry == trace.entry and t.likely == trace.likely for t in silent)
            return None if is_side else _by_default(finding, trace)
    apart = next(iter(_sizes_apart(trace)), None)
    silent = [t for t in silent if t.entry == trace.entry]
    own = [t for t in showing if t.entry == trace.entry]
    if not silent and apart is None:
        own, silent = _at_each_call(finding, trace, hits, reaching)
        silent = silent or _likelier(finding, own, passing)
    elif all(_likelier(finding, group, passing) for group in _by_calls(hits, trace).values()):
        return None if RULES[finding.code].general else (replace(finding, confidence=Confidence.LOW), trace)
    if silent or apart is not None:
        hit = _on_one_side(finding, trace, own, silent, apart)
        is_told = hit is not None and hit[0].confidence is not Confidence.LOW
        return hit if is_told else _certain_elsewhere(trace, plain, reaching, sides) or hit
    return _on_each_side(finding, trace, showing, sides)


def _on_each_side(finding: Finding, trace: Trace, showing: list[Trace], sides: set[tuple[str, object]]) -> Hit | None:
    """What every path of the entry point shows that comes to the place."""
    rule = RULES[finding.code]
    if rule.waived_by_option and any(one.likely is False for one in _turned_for(showing, sides)):
        return None
    is_guess = all(_takes_for_one(trace, sides) for trace in showing) or (
        rule.general and trace.entry == SCRIPT and _is_kept_apart(showing, sides)
    )
    return (replace(finding, confidence=Confidence.LOW) if is_guess else finding), trace


def _on_one_side(
    finding: Finding, trace: Trace, showing: list[Trace], silent: list[Trace], apart: Decision | None
) -> Hit | None:
    """What other paths of the entry point do not show that come to the place, or that take sizes for equal."""
    rule, branch = RULES[finding.code], apart or _branch(showing, silent)
    if branch is not None and rule.waived_by_option and not isinstance(branch.question, Same):
        return None
    is_side = branch is not None and is_taken(branch, trace, raises=finding.severity is Severity.ERROR)
    # what torch refuses on one side alone is most often kept from it by conditions that hang together; not so sizes,
    # nor what is made where a parameter is left at None
    hangs_alone = bool(trace.likely) or apart is not None or _is_left_at_none(branch)
    lowered = _lower(finding.confidence, 1 if is_side and (hangs_alone or not rule.general) else 2)
    if lowered is None or (rule.general and not is_side):
        return None
    message = finding.message if branch is None else f"{finding.message} (when {branch.told})"
    return replace(finding, confidence=lowered, message=message), trace


def _is_left_at_none(branch: Decision | None) -> bool:
    """Whether a side is that of `if state is None`, for a parameter whose default is None."""
    return (
        branch is not None
        and branch.likely is True
        and branch.choice is True
        and isinstance(branch.question, Same)
        and branch.question.constant is None
    )


def _likelier(finding: Finding, showing: list[Trace], passing: list[Trace]) -> list[Trace]:
    """The paths that pass a place on the likely side of what all that show it turn, and nobody is seen to take.

    Of some of them nothing is known at the place.
    """
    raises = finding.severity is Severity.ERROR
    turned = {
        (one.subject, not one.choice)
        for one in _shared(showing)
        if one.likely is False and isinstance(one.choice, bool) and not is_taken(one, showing[0], raises=raises)
    }
    return [trace for trace in passing if turned & _choices(trace) and trace.entry == showing[0].entry]


def _certain_elsewhere(
    trace: Trace, hits: list[Hit], reaching: list[Trace], sides: set[tuple[str, object]]
) -> Hit | None:
    """What another entry point shows on all of its paths, and takes no side for that any path takes otherwise."""
    for found, path in hits:
        if path.entry == trace.entry or path.likely:
            continue
        showing = [other for _, other in hits if other.entry == path.entry]
        known = set(map(id, showing))
        is_silent = any(t.entry == path.entry and id(t) not in known for t in reaching)
        if not is_silent and not _sizes_apart(path) and not any(_turned_for(showing, sides)):
            return replace(found, fixes=()), path
    return None


def _at_each_call(
    finding: Finding, trace: Trace, hits: list[Hit], reaching: list[Trace]
) -> tuple[list[Trace], list[Trace]]:
    """The paths that show a finding and those that do not, at the one of the calls leading to its place that it is for.

    Where a function is called twice, each path that turns a choice in one call takes the likely side in the other.
    What all paths show at some call is certain.
    """
    showing = _by_calls(hits, trace)
    silent: dict[Frames, list[Trace]] = {}
    for calls, shown in showing.items():
        known = set(map(id, shown))
        others = (t for t in reaching if t.entry == trace.entry and id(t) not in known)
        silent[calls] = [t for t in others if _comes_by(t, finding, calls)]
    certain = (calls for calls, others in silent.items() if not others)
    calls = next(certain, _calls_to(finding, trace))
    return showing[calls], silent[calls]


def _by_calls(hits: list[Hit], trace: Trace) -> dict[Frames, list[Trace]]:
    """The paths of an entry point that show a finding, by the calls that lead to its place."""
    showing: dict[Frames, list[Trace]] = {}
    for found, path in hits:
        if path.entry == trace.entry:
            showing.setdefault(_calls_to(found, path), []).append(path)
    return showing


def _calls_to(finding: Finding, trace: Trace) -> Frames:
    """The calls that lead to what a finding claims something of; none where it claims nothing that can be run."""
    return next((trace.node(claim.target).frames for claim in finding.claims), ())


def _comes_by(trace: Trace, finding: Finding, calls: Frames) -> bool:
    """Whether a path comes to a finding's place through these calls."""
    return any(node.span == finding.span and node.path == finding.path and node.frames == calls for node in trace.nodes)


def _is_called_as_deep(other: Trace, trace: Trace, finding: Finding) -> bool:
    """Whether another path comes to the place through as many calls: else it knows less than what builds the parts."""
    depth = len(trace.node(finding.claims[0].target).frames)
    return any(len(node.frames) >= depth for node in other.nodes if node.span == finding.span)


def _in_last_batch(hits: list[Hit]) -> Hit | None:
    """What torch refuses of the batch that a loader gives last, if that is among what paths show."""
    for finding, trace in hits:
        if trace.is_of_last_batch:
            *_, last = trace.likely.values()
            told = f"{finding.message} (in the last batch, of {last})"
            return replace(finding, message=told, fixes=()), trace
    return None


def _by_default(finding: Finding, trace: Trace) -> Hit | None:
    """What torch refuses with the defaults of parameters, told with them; None where others may always be given."""
    defaults = {name.rpartition(".")[2]: size for name, size in trace.likely.items()}
    for name, size in defaults.items():
        if not is_default_left(trace.path, name) or any(value != size for value in values_passed(trace.path, name)):
            return None
    told = "by default: " + ", ".join(f"{name}={size}" for name, size in defaults.items())
    confidence = _LEVELS[max(_LEVELS.index(finding.confidence), _LEVELS.index(Confidence.MEDIUM))]
    return replace(finding, message=f"{finding.message} ({told})", confidence=confidence), trace


def _unless_left_alone(merged: Hit | None, hits: list[Hit]) -> Hit | None:
    """What only methods do that nobody calls is told at low confidence."""
    if merged is None or merged[0].confidence is Confidence.LOW:
        return merged
    if not all(_is_left_alone(trace) for _, trace in hits):
        return merged
    return replace(merged[0], confidence=Confidence.LOW), merged[1]


def _is_left_alone(trace: Trace) -> bool:
    cls, _, method = trace.entry.rpartition(".")
    return bool(cls) and is_left_alone(trace.path, cls, method)


def _symbolic_first(hits: list[Hit]) -> Hit:
    return next((hit for hit in hits if hit[1].entry != SCRIPT), hits[0])


def _branch(showing: list[Trace], silent: list[Trace]) -> Decision | None:
    """The decision that all paths with the finding share, and none of the others."""
    return next((one for one in _shared(showing) if not any(_key(one) in _choices(t) for t in silent)), None)


@once
def _sizes_apart(trace: Trace) -> list[Decision]:
    """What a path takes for different sizes that an operation needs to be equal."""
    return [one for one in trace.decisions if is_of_parameters(one, trace)]


def _takes_for_one(trace: Trace, sides: set[tuple[str, object]]) -> bool:
    """Whether a path takes a size to be 1 for which no path was followed on which it is not."""
    ones = (one for one in trace.decisions if not one.invited and one.subject.endswith(" == 1"))
    return any(one.choice is True and (one.subject, False) not in sides for one in ones)


def _is_kept_apart(showing: list[Trace], sides: set[tuple[str, object]]) -> bool:
    """Whether a condition that a called function asks, and that only data decides, leads all paths to a place.

    A script gives its functions what fits the side that they take: a placeholder for what the other side reads.
    """
    return any(one.asked_in is not None and one.likely is None for one in _turned_for(showing, sides))


def _turned_for(showing: list[Trace], sides: set[tuple[str, object]]) -> Iterator[Decision]:
    """The conditions whose one side all these paths take, where some path takes the other one."""
    return (one for one in _shared(showing) if (one.subject, not one.choice) in sides)


def _shared(showing: list[Trace]) -> Iterator[Decision]:
    """The conditions whose one side all these paths take."""
    for decision in showing[0].decisions if showing else ():
        if all(_key(decision) in _choices(trace) for trace in showing):
            yield decision


def _key(decision: Decision) -> tuple[str, object]:
    return decision.subject, decision.choice


@once
def _choices(trace: Trace) -> set[tuple[str, object]]:
    return {_key(decision) for decision in trace.decisions}


def _lower(confidence: Confidence, steps: int) -> Confidence | None:
    level = _LEVELS.index(confidence) + steps
    return _LEVELS[level] if level < len(_LEVELS) else None
