"""The dependence footprint as a grid: which steps of which input samples reach each output row.

              as it is              with the fix
              sample 0  sample 1    sample 0  sample 1
output row 0  ··        ██          ██        ··
output row 1  ··        ██          ··        ██
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from shapelint.data import dataclass
from shapelint.finding import Finding, Footprint
from shapelint.notebooks.places import Place
from shapelint.report.text import plain

REACHED, MISSED = "█", "·"
PLAIN = str.maketrans({REACHED: "#", MISSED: "."})  #: for terminals that cannot show blocks
MOST_ROWS = 6
WIDEST = 100  #: columns of two grids that stand side by side, where no terminal has others
_BETWEEN = "    "
_SAMPLE = "sample"
_TITLES = ("as it is", "with the fix")


def drawing(finding: Finding, place: Place, columns: int | None) -> list[str]:
    """The rows of a finding's grid below a title; empty when it has none."""
    footprint = finding.verdict.footprint if finding.verdict else None
    mended = finding.fixes[0].footprint if finding.fixes else None
    rows = grid(footprint or (), mended, columns or WIDEST)
    title = plain(f"reach of {finding.code} at {place}: which input reaches which output")
    return [click.style(title, bold=True), *rows] if rows else []


def grid(footprint: Footprint, mended: Footprint | None = None, widest: int = WIDEST) -> list[str]:
    """The rows of the grid, with a legend; empty when there is nothing to show.

    That of the mended program stands beside it, where there is one and room for both.
    """
    if not footprint or not footprint[0] or not footprint[0][0]:
        return []
    both = [footprint, *([mended] if mended and mended[0] and mended[0][0] else [])]
    grids = _chosen(both, widest - _margin(both))
    return [_legend(grids), *(row.rstrip() for row in _table(grids, _margin(both)))]


@dataclass(frozen=True, slots=True)
class _Grid:
    """One footprint; in a narrow one `sample` stands once, at the left."""

    footprint: Footprint
    is_narrow: bool
    title: str = ""

    @property
    def cell(self) -> int:
        """The columns of a sample."""
        samples, steps = len(self.footprint[0]), len(self.footprint[0][0])
        return max(len(self.head(samples - 1)), steps)

    @property
    def width(self) -> int:
        """The columns of the whole."""
        return max(len(self.footprint[0]) * (self.cell + 2) - 2, len(self.title))

    def head(self, sample: int) -> str:
        """What stands above a sample."""
        return str(sample) if self.is_narrow else f"{_SAMPLE} {sample}"

    def header(self) -> str:
        """What stands above all samples."""
        return "  ".join(self.head(j).ljust(self.cell) for j in range(len(self.footprint[0])))

    def row(self, i: int) -> str:
        """One row; blank where the grid has no such row, and another one beside it has."""
        if i >= len(self.footprint):
            return ""
        own = len(self.footprint) == len(self.footprint[0])
        return "  ".join(_cell(steps, self.cell, own and i == j, own) for j, steps in enumerate(self.footprint[i]))


def _margin(footprints: Sequence[Footprint]) -> int:
    return len(f"output row {max(map(len, footprints)) - 1}  ")


def _chosen(footprints: Sequence[Footprint], room: int) -> list[_Grid]:
    """The grids that fit: rather narrow ones than one alone; the narrowest where none does."""
    beside = [[_Grid(*one) for one in zip(footprints, (n, n), _TITLES, strict=False)] for n in (False, True)]
    choices = [*(beside if len(footprints) > 1 else []), *([_Grid(footprints[0], n)] for n in (False, True))]
    fitting = (grids for grids in choices if sum(one.width for one in grids) + len(_BETWEEN) * (len(grids) - 1) <= room)
    return next(fitting, choices[-1])


def _table(grids: Sequence[_Grid], margin: int) -> Iterator[str]:
    if len(grids) > 1:
        yield _row("", margin, [(one.title, one.width) for one in grids])
    yield _row(_SAMPLE if grids[0].is_narrow else "", margin, [(one.header(), one.width) for one in grids])
    most = max(len(one.footprint) for one in grids)
    for i in range(min(most, MOST_ROWS)):
        yield _row(f"output row {i}", margin, [(one.row(i), one.width) for one in grids])
    if most > MOST_ROWS:
        yield f"({most - MOST_ROWS} more {'row' if most == MOST_ROWS + 1 else 'rows'})"


def _row(label: str, margin: int, parts: Iterable[tuple[str, int]]) -> str:
    return label.ljust(margin) + _BETWEEN.join(part + " " * (width - len(click.unstyle(part))) for part, width in parts)


def _legend(grids: Sequence[_Grid]) -> str:
    counts = {len(one.footprint[0][0]) for one in grids}
    steps = f"{counts.pop()} steps" if len(counts) == 1 else "steps"  # the mended program may run on other sizes
    time = "its one step" if steps == "1 steps" else f"its {steps} from left to right"
    return f"{REACHED} does, {MISSED} does not; of each sample {time}"


def _cell(steps: tuple[bool, ...], width: int, own: bool, colored: bool) -> str:
    """One sample's steps; with colours, green is a row's own sample and red another's that reaches it."""
    marks = "".join(REACHED if reached else MISSED for reached in steps)
    padding = " " * (width - len(steps))
    if not colored or not (own or any(steps)):
        return marks + padding
    return click.style(marks, fg="green" if own else "red") + padding
