"""A program's property, tested with torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from shapelint import rooms
from shapelint.verify.worker.footprint import MAX_ROWS, Grid
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import RefusedError, check_size

_CHECKS = "shapelint.verify.worker.checks"
_MAX_CELLS = 4_096  #: of a footprint that is sent back

Check: TypeAlias = Callable[[Mapping[str, Any]], Outcome]


def check(document: Mapping[str, Any]) -> Outcome:
    """Test a program's property; raises InconclusiveError, RefusedError or StepError."""
    name = document["property"]
    if name not in rooms.paths(_CHECKS):
        raise RefusedError(f"there is no property {name}")
    for steps in (document["steps"], *(variant["steps"] for variant in document["variants"])):
        check_size(steps, vast="vast" in document)
    return cast("Check", rooms.module(_CHECKS, name).check)(document)


def footprint_list(grid: Grid | None) -> list[Any] | None:
    """A footprint as JSON; None when it is too large to look at, or does not show all rows in their order."""
    is_whole = grid is not None and grid.dim() == 3 and len(grid) < MAX_ROWS
    return grid.tolist() if grid is not None and is_whole and grid.numel() <= _MAX_CELLS else None
