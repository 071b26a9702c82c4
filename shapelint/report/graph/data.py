"""A data flow as plain data: boxes, and arrows with the shapes of what flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.data import dataclass
from shapelint.finding import Finding
from shapelint.source import Span


@dataclass(frozen=True, slots=True)
class Box:
    """An input, a layer that is called, an operation, or the result.

    `spans` are the places of the file that it stands for: the call, and the layer's construction.
    """

    kind: str  #: "input", "layer", "operation" or "result"
    name: str
    details: tuple[str, ...] = ()  #: lines below the name
    line: str = ""  #: `line 7`, `cell 3:7`; empty where it stands for no line of the file
    spans: tuple[Span, ...] = ()
    raises: bool = False  #: whether torch raises there


@dataclass(frozen=True, slots=True)
class Arrow:
    """What flows from one box to another, which are given by their numbers."""

    start: int
    end: int
    shape: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """The data flow of one entry point. `settings` lead there, and `more` operations have no box for want of room."""

    path: str
    entry: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    settings: tuple[str, ...] = ()
    more: int = 0

    def marked(self, findings: Iterable[Finding]) -> Mapping[int, list[Finding]]:
        """The findings by the box that they are about."""
        marked: dict[int, list[Finding]] = {}
        for finding in findings:
            at = self._at(finding.span) if finding.path == self.path else None
            if at is not None:
                marked.setdefault(at, []).append(finding)
        return marked

    def codes(self, findings: Iterable[Finding]) -> Mapping[int, str]:
        """What is wrong by the box: the codes of its findings, or that torch raises there."""
        marked = self.marked(findings)
        told = {number: " ".join(sorted({one.code for one in found})) for number, found in marked.items()}
        return {number: "torch raises" for number, box in enumerate(self.boxes) if box.raises} | told

    def _at(self, span: Span) -> int | None:
        """The box of a place: what stands there, else the last inside of it, else the first around it."""
        places = [(number, own) for number, box in enumerate(self.boxes) for own in box.spans]
        same = [number for number, own in places if own == span]
        inside = [number for number, own in places if span.covers(own)]
        around = [number for number, own in places if own.covers(span)]
        found = [*same[:1], *inside[-1:], *around[:1]]
        return found[0] if found else None
