"""Places of the text with room (`spread.py`) as those of the text itself: what is told is told of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from shapelint.editors.server.reading.spread import Spread
from shapelint.editors.server.shown.pointed import Pointed, View
from shapelint.finding import Finding, Fix, Place
from shapelint.pipeline.check import Candidate, FileCheck
from shapelint.regex import regex
from shapelint.report.shapes.rows import Found
from shapelint.source import Span
from shapelint.verify.beyond import Beyond
from shapelint.verify.program.program import NotReplayable, Program
from shapelint.verify.prove import Case, Mended

Tested = TypeVar("Tested", Case, Mended)

_LINE = regex(r"(?<=\bline )\d+")


def check_back(check: FileCheck, spread: Spread) -> FileCheck:
    """What was found."""
    candidates = tuple(_candidate(one, spread) for one in check.candidates)
    problems = tuple(replace(one, line=spread.real(one.line)) for one in check.problems)
    return replace(check, text=spread.source.text, candidates=candidates, problems=problems)


def shapes_back(found: Found, spread: Spread) -> Found:
    """The shapes by their places; the rows are left as they are, of which there are many."""
    return {(path, spread.real(line), column, name): rows for (path, line, column, name), rows in found.items()}


def pointed_back(pointed: Pointed, spread: Spread) -> Pointed:
    """What is known of an expression."""

    def view(one: View) -> View:
        return replace(one, origins=tuple(_text(origin, spread) for origin in one.origins))

    return replace(pointed, span=_span(pointed.span, spread), views=tuple(map(view, pointed.views)))


def _candidate(candidate: Candidate, spread: Spread) -> Candidate:
    judged = candidate.judged
    if judged is not None:
        judged = replace(
            judged, finding=_finding(judged.finding, spread), cases=tuple(_tested(one, spread) for one in judged.cases)
        )
    mended = tuple(_tested(one, spread) for one in candidate.mended)
    return replace(candidate, finding=_finding(candidate.finding, spread), judged=judged, mended=mended)


def _finding(finding: Finding, spread: Spread) -> Finding:
    related = tuple(_place(place, finding.path, spread) for place in finding.related)
    fixes = tuple(_fix(fix, spread) for fix in finding.fixes)
    return replace(finding, span=_span(finding.span, spread), related=related, fixes=fixes)


def _place(place: Place, path: str, spread: Spread) -> Place:
    return replace(place, span=_span(place.span, spread)) if place.path in (None, path) else place


def _fix(fix: Fix, spread: Spread) -> Fix:
    return replace(fix, edits=tuple(replace(edit, span=_span(edit.span, spread)) for edit in fix.edits))


def _tested(tested: Tested, spread: Spread) -> Tested:
    programs = tuple(_built(one, spread) for one in tested.programs)
    return replace(tested, programs=programs, beyond=tuple(_beyond(one, spread) for one in tested.beyond))


def _beyond(beyond: Beyond, spread: Spread) -> Beyond:
    line = str(spread.real(int(beyond.line))) if beyond.line.isdigit() else beyond.line
    return replace(beyond, line=line, program=_built(beyond.program, spread))


def _built(program: Program | NotReplayable, spread: Spread) -> Program | NotReplayable:
    return NotReplayable(_text(program.reason, spread)) if isinstance(program, NotReplayable) else program


def _text(text: str, spread: Spread) -> str:
    """A text of ours that names a line."""
    return _LINE.sub(lambda number: str(spread.real(int(number[0]))), text)


def _span(span: Span, spread: Spread) -> Span:
    return replace(span, line=spread.real(span.line), end_line=spread.real(span.end_line))
