"""The dependence footprint as a grid: which steps of which input samples reach each output row.

sample 0  sample 1  sample 2
row 0  ·····     ·····     █████
row 1  ·····     ·····     █████
"""

from __future__ import annotations

import click

Footprint = tuple[tuple[tuple[bool, ...], ...], ...]

REACHED, MISSED = "█", "·"
PLAIN = str.maketrans({REACHED: "#", MISSED: "."})  #: for terminals that cannot show blocks
MOST_ROWS = 8


def grid(footprint: Footprint) -> list[str]:
    """The rows of the grid, with a legend; empty when there is nothing to show."""
    if not footprint or not footprint[0] or not footprint[0][0]:
        return []
    samples, steps = len(footprint[0]), len(footprint[0][0])
    cell = max(len(f"sample {samples - 1}"), steps)
    margin = len(f"row {len(footprint) - 1}")
    header = "  ".join(f"sample {j}".ljust(cell) for j in range(samples))
    rows = [_legend(steps), f"{' ' * margin}  {header}".rstrip()]
    own = len(footprint) == samples
    for i, row in enumerate(footprint[:MOST_ROWS]):
        cells = "  ".join(_cell(steps_, cell, own and i == j, own) for j, steps_ in enumerate(row))
        rows.append(f"{f'row {i}'.ljust(margin)}  {cells}".rstrip())
    if len(footprint) > MOST_ROWS:
        rows.append(f"({len(footprint) - MOST_ROWS} more rows)")
    return rows


def _legend(steps: int) -> str:
    return f"{REACHED} the output row depends on this step of the sample, {MISSED} does not ({steps} steps)"


def _cell(steps: tuple[bool, ...], width: int, own: bool, colored: bool) -> str:
    """One sample's steps; with colours, green is a row's own sample and red another's that reaches it."""
    marks = "".join(REACHED if reached else MISSED for reached in steps)
    padding = " " * (width - len(steps))
    if not colored or not (own or any(steps)):
        return marks + padding
    return click.style(marks, fg="green" if own else "red") + padding
