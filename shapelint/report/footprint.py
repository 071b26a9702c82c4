"""The dependence footprint as a grid: which steps of which input samples reach each output row.

              as it is              with the fix
              sample 0  sample 1    sample 0  sample 1
output row 0  ··        ██          ██        ··
output row 1  ··        ██          ··        ██
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from shapelint.finding import Footprint

REACHED, MISSED = "█", "·"
PLAIN = str.maketrans({REACHED: "#", MISSED: "."})  #: for terminals that cannot show blocks
MOST_ROWS = 6
WIDEST = 100  #: columns of two grids that stand side by side
_BETWEEN = "    "


def grid(footprint: Footprint, mended: Footprint | None = None) -> list[str]:
    """The rows of the grid, with a legend; empty when there is nothing to show.

    That of the mended program stands beside it, where there is one and room for both.
    """
    if not footprint or not footprint[0] or not footprint[0][0]:
        return []
    grids = [footprint, *([mended] if mended and mended[0] and mended[0][0] else [])]
    margin = len(f"output row {max(map(len, grids)) - 1}  ")
    if sum(map(_width, grids)) + margin + len(_BETWEEN) > WIDEST:
        grids = grids[:1]
    return [_legend(grids), *(row.rstrip() for row in _table(grids, margin))]


def _table(grids: Sequence[Footprint], margin: int) -> Iterator[str]:
    if len(grids) > 1:
        yield _row("", margin, [title.ljust(_width(one)) for title, one in zip(_TITLES, grids, strict=True)])
    yield _row("", margin, [_header(one) for one in grids])
    most = max(map(len, grids))
    for i in range(min(most, MOST_ROWS)):
        yield _row(f"output row {i}", margin, [_cells(one, i) for one in grids])
    if most > MOST_ROWS:
        yield f"({most - MOST_ROWS} more rows)"


_TITLES = ("as it is", "with the fix")


def _row(label: str, margin: int, parts: Sequence[str]) -> str:
    return label.ljust(margin) + _BETWEEN.join(parts)


def _legend(grids: Sequence[Footprint]) -> str:
    counts = {len(one[0][0]) for one in grids}
    steps = f"{counts.pop()} steps" if len(counts) == 1 else "steps"  # the mended program may run on other sizes
    time = "its one step" if steps == "1 steps" else f"its {steps} from left to right"
    return f"which input reaches which output: {REACHED} does, {MISSED} does not; of each sample {time}"


def _cell_width(footprint: Footprint) -> int:
    return max(len(f"sample {len(footprint[0]) - 1}"), len(footprint[0][0]))


def _width(footprint: Footprint) -> int:
    samples = len(footprint[0])
    return samples * (_cell_width(footprint) + 2) - 2


def _header(footprint: Footprint) -> str:
    cell = _cell_width(footprint)
    return "  ".join(f"sample {j}".ljust(cell) for j in range(len(footprint[0])))


def _cells(footprint: Footprint, i: int) -> str:
    """One row; blank where the grid has no such row, and another one beside it has."""
    if i >= len(footprint):
        return " " * _width(footprint)
    own, cell = len(footprint) == len(footprint[0]), _cell_width(footprint)
    return "  ".join(_cell(steps, cell, own and i == j, own) for j, steps in enumerate(footprint[i]))


def _cell(steps: tuple[bool, ...], width: int, own: bool, colored: bool) -> str:
    """One sample's steps; with colours, green is a row's own sample and red another's that reaches it."""
    marks = "".join(REACHED if reached else MISSED for reached in steps)
    padding = " " * (width - len(steps))
    if not colored or not (own or any(steps)):
        return marks + padding
    return click.style(marks, fg="green" if own else "red") + padding
