"""A text that an editor shows, and what is known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import field, replace

from shapelint.data import dataclass
from shapelint.editors.server.reading.look import Look
from shapelint.finding import Finding, Place
from shapelint.pipeline.check import FileCheck
from shapelint.source import Problem, Span

Moved = Callable[[Span], Span | None]  #: where a place is in a later text; None where the text is another one


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one text.

    `findings` have torch's verdicts as far as it has spoken; `tested` are those of the text with their programs, once
    these are made.
    """

    text: str
    look: Look
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    tested: FileCheck | None = None


@dataclass(slots=True)
class Document:
    """An open text. `seen` may be of an earlier one, while the last one is looked at."""

    uri: str
    path: str
    version: int
    text: str
    sheets: tuple[tuple[int, str], ...]  #: see `Places`
    is_dirty: bool = False  #: not as it is in the file
    state: int = 0  #: another number whenever it is to be looked at anew though it has not changed
    seen: Seen | None = None
    withdrawn: set[tuple[str, str]] = field(default_factory=set)  #: codes and messages of what torch has disproved
    task: asyncio.Task[None] | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)  #: `seen` is of the last text
    proved: asyncio.Event = field(default_factory=asyncio.Event)  #: and torch has spoken on it


def carried(seen: Seen | None, text: str, look: Look) -> Seen:
    """What is seen in a text that cannot be read: what was seen before, where nothing has changed."""
    if seen is None:
        return Seen(text, look, problems=look.check.problems)
    moved = _moved(seen.text, text)
    shapes = {
        (path, span.line, column, name): rows
        for (path, line, column, name), rows in seen.look.shapes.items()
        if (span := moved(Span(line, 0, line, 0))) is not None
    }
    findings = tuple(there for finding in seen.findings if (there := _carried(finding, moved)) is not None)
    return Seen(text, replace(look, shapes=shapes), findings, look.check.problems)


def _carried(finding: Finding, moved: Moved) -> Finding | None:
    """A finding at its place in another text, without the fixes, which are not tried on that text."""
    span = moved(finding.span)
    places = [_place(place, moved) for place in finding.related]
    if span is None or any(place is None for place in places):
        return None
    return replace(finding, span=span, related=tuple(place for place in places if place), fixes=())


def _place(place: Place, moved: Moved) -> Place | None:
    if place.path is not None:
        return place
    span = moved(place.span)
    return None if span is None else replace(place, span=span)


def _moved(before: str, after: str) -> Moved:
    """Where the places of a text are in another one that begins and ends alike."""
    old, new = before.splitlines(), after.splitlines()
    least = min(len(old), len(new))
    head = next((number for number in range(least) if old[number] != new[number]), least)
    tail = next((number for number in range(least - head) if old[-1 - number] != new[-1 - number]), least - head)
    added = len(new) - len(old)

    def moved(span: Span) -> Span | None:
        if span.end_line <= head:
            return span
        if span.line > len(old) - tail:
            return replace(span, line=span.line + added, end_line=span.end_line + added)
        return None

    return moved
