"""A finding as the full report shows it: the code, the shapes, what torch did, and the fix, in a few rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import click

from shapelint.data import dataclass
from shapelint.finding import Confidence, Finding, Fix, Severity, ShownShape
from shapelint.notebooks.places import Cells, Places
from shapelint.report import frame, proof
from shapelint.report.links import link, page_of
from shapelint.report.screen import Screen
from shapelint.report.telling import Telling
from shapelint.report.text import expand, plain
from shapelint.source import Source
from shapelint.verify.edits import apply_edits

MOST = 12  #: lines of a finding, unless all is wanted
MOST_FIXES = 2
MOST_PLACES = 4  #: that are named of findings alike
WIDEST = 100  #: columns of the shapes that stand in one row, where no terminal has others

_COLORS: Mapping[Severity, str] = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_EDGE, _LABEL = len(" = "), len("proof: ")

Note = tuple[str, list[str]]  #: a label, and the rows of its text


@dataclass(frozen=True, slots=True)
class Block:
    """Findings of one cause in one file: the first is shown, of the others their places are told."""

    places: Places
    findings: Sequence[Finding]
    telling: Telling

    @property
    def text(self) -> str:
        """The source of the file."""
        return self.places.texts.get(self.findings[0].path, "")

    @property
    def lines(self) -> Sequence[str]:
        """Its lines."""
        return Source("", self.text).lines

    @property
    def cells(self) -> Cells:
        """The cells of the file."""
        return self.places.cells(self.findings[0].path)

    def rows(self) -> Iterator[str]:
        """The rows, without their ends."""
        finding, screen, gutter = self.findings[0], Screen(self.telling.columns), _gutter(self.findings[0], self.lines)
        place = f"{' ' * gutter}{frame.bar('-->')} {self._place()}"
        needed = self._needed(screen, gutter)
        left = (10_000 if self.telling.whole else MOST) - screen.lines([place])
        message, notes, fixes, left = self._told(screen, gutter, left - needed)
        framed, see, shapes, diff = self._explained(screen, gutter, left + needed)
        yield _title(finding, message, self.telling.links)
        yield place
        yield from framed
        for label, rows in [("see", see), ("shape", shapes), *notes, *fixes]:
            yield from _note(label, rows, gutter)
            if label == "fix":
                yield from diff

    def _needed(self, screen: Screen, gutter: int) -> int:
        """The room that the first line of the finding takes, with what underlines it."""
        rows = frame.render(self.lines, [_primary(self.findings[0])], gutter, self.cells)
        return screen.lines(rows[:3])  # where there are more lines, the third row says so

    def _told(self, screen: Screen, gutter: int, left: int) -> tuple[str, list[Note], list[Note], int]:
        """What is always told: the message, the notes and the fixes, and the room that is left."""
        notes, fixes = list(self._notes()), list(self._fixes())
        message = (_title_margin(self.findings[0]), plain(self.findings[0].message))
        texts = [(gutter + _EDGE + _LABEL, text) for _, (text,) in (*fixes, *notes)]
        (begun, *told), left = screen.shared([message, *texts], left)
        shown = [(label, [text]) for (label, _), text in zip((*fixes, *notes), told, strict=True)]
        return begun, shown[len(fixes) :], shown[: len(fixes)], left

    def _explained(self, screen: Screen, gutter: int, left: int) -> tuple[list[str], ...]:
        """What explains it, as far as there is room: the frame, other places, the shapes, and the mended lines."""
        finding, margin = self.findings[0], gutter + _EDGE + _LABEL
        marks = _marks(finding, self.lines, left, self.cells, screen)
        framed, left = screen.fitting(frame.render(self.lines, marks, gutter, self.cells), left)
        diff, left = screen.fitting(list(self._diff(gutter)) if finding.fixes else [], left)
        see, left = screen.noted(list(_elsewhere(finding, marks, self.places)), left, margin)
        widest = screen.columns - margin if screen.columns else WIDEST
        shapes, left = screen.noted(_shapes(finding.shapes, widest), left, margin)
        return framed, see, shapes, diff

    def _place(self) -> str:
        finding = self.findings[0]
        place = f"{plain(str(self.places.of(finding.path, finding.span)))}: {finding.name}"
        unsure = finding.confidence is not Confidence.HIGH
        return f"{place} ({finding.confidence.value} confidence)" if unsure else place

    def _notes(self) -> Iterator[Note]:
        finding = self.findings[0]
        if others := self.findings[1:]:
            yield "also", [_others(others, self.cells)]
        if finding.verdict:
            yield "proof", [proof.told(finding.verdict)]
            if finding.verdict.assumed:
                yield "guess", [plain("; ".join(finding.verdict.assumed))]
        if finding.help and not finding.fixes:
            yield "help", [plain(finding.help)]

    def _fixes(self) -> Iterator[Note]:
        fixes = self.findings[0].fixes
        for number, fix in enumerate(fixes if self.telling.whole else fixes[:MOST_FIXES]):
            yield "or" if number else "fix", [plain(fix.description) + _standing(fix)]

    def _diff(self, gutter: int) -> Iterator[str]:
        """The lines that the first fix takes out and puts in; what the frame shows is not repeated above its mend."""
        span, lines = self.findings[0].span, self.lines
        mended = apply_edits(self.text, self.findings[0].fixes[0].edits)
        after, cells = Source("", mended).lines, Cells.of(self.findings[0].path, mended)
        matcher = SequenceMatcher(None, lines, after, autojunk=False)
        for tag, start, end, new_start, new_end in matcher.get_opcodes():
            is_shown = tag == "replace" and span.line <= start + 1 == end <= span.end_line
            if tag != "equal" and (self.telling.whole or not is_shown):
                yield from _changed("-", "red", self.cells.at(start + 1)[1], lines[start:end], gutter)
            if tag != "equal":
                yield from _changed("+", "green", cells.at(new_start + 1)[1], after[new_start:new_end], gutter)


def _gutter(finding: Finding, lines: Sequence[str]) -> int:
    ends = [finding.span.end_line, *(place.span.end_line for place in finding.related if _is_here(finding, place.path))]
    return len(str(min(max(ends), len(lines))))


def _is_here(finding: Finding, path: str | None) -> bool:
    return path in (None, finding.path)


def _title(finding: Finding, message: str, linked: bool) -> str:
    code = link(finding.code, page_of(finding.code)) if linked else finding.code
    kind = click.style(f"{finding.severity.value}[{code}]", fg=_COLORS[finding.severity], bold=True)
    return kind + click.style(f": {message}", bold=True)


def _title_margin(finding: Finding) -> int:
    return len(f"{finding.severity.value}[{finding.code}]: ")


def _primary(finding: Finding) -> frame.Mark:
    return frame.Mark(finding.span, "", primary=True, color=_COLORS[finding.severity])


def _marks(finding: Finding, lines: Sequence[str], room: int, cells: Cells, screen: Screen) -> list[frame.Mark]:
    """The place of the finding, and of those that explain it as many as there is room for: a fix needs two rows."""
    marks = [_primary(finding)]
    for place in finding.related:
        if _is_here(finding, place.path):
            more = [*marks, frame.Mark(place.span, place.message)]
            if screen.lines(frame.render(lines, more, _gutter(finding, lines), cells)) > room - 2 * bool(finding.fixes):
                break
            marks = more
    return marks


def _elsewhere(finding: Finding, marks: Sequence[frame.Mark], places: Places) -> Iterator[str]:
    """The places that explain the finding and are not in its frame: of another file, or for want of room."""
    here = [place for place in finding.related if _is_here(finding, place.path)]
    others = [place for place in finding.related if place not in here] + here[len(marks) - 1 :]
    for place in others:
        told = places.of(place.path or finding.path, place.span)
        yield plain(f"{told.file}:{told.span.line}: {place.message}")


def _others(findings: Sequence[Finding], cells: Cells) -> str:
    """Where else the same is found."""
    places = [f"{cells.told(finding.span.line)}:{finding.span.column + 1}" for finding in findings]
    more = [f"{len(places) - MOST_PLACES} more"] if len(places) > MOST_PLACES else []
    *first, last = [*places[:MOST_PLACES], *more]
    return f"the same at {', '.join(first)}{' and ' if first else ''}{last}"


def _note(label: str, rows: Sequence[str], gutter: int) -> Iterator[str]:
    """`= label: text`, further rows aligned below the text."""
    head = click.style(f"{label}:".ljust(_LABEL), bold=True)
    for index, row in enumerate(rows):
        yield frame.edge(gutter, (head if index == 0 else " " * _LABEL) + row, "=" if index == 0 else " ")


def _shapes(shapes: Sequence[ShownShape], widest: int) -> list[str]:
    """The shapes in one row where it is no wider, or in columns: name, shape, roles."""
    cells = [(plain(s.name), plain(s.shape), ", ".join(s.roles)) for s in shapes]
    alone = "; ".join(" ".join(filter(None, cell)) for cell in cells)
    if not cells or expand(alone)[1][-1] <= widest:
        return [alone] if cells else []
    widths = [max(expand(row[i])[1][-1] for row in cells) for i in range(2)]
    return ["  ".join((_pad(a, widths[0]), _pad(b, widths[1]), c)).rstrip() for a, b, c in cells]


def _pad(text: str, width: int) -> str:
    return text + " " * (width - expand(text)[1][-1])


def _standing(fix: Fix) -> str:
    parts = [] if fix.safe else ["changes results"]
    if fix.proven:
        parts.append("proven: torch ran the mended program")
    if fix.left:
        parts.append(f"unproven: {plain(fix.left)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _changed(sign: str, color: str, first: int, lines: Iterable[str], gutter: int) -> Iterator[str]:
    for number, line in enumerate(lines, first):
        text = click.style(f"{sign} {frame.cut(expand(line)[0])}", fg=color)
        yield f"{frame.number_column(number, gutter)} {text}"
