"""The rows of a target that are held against the samples of a source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import (
    MAX_ROWS,
    Grid,
    InconclusiveError,
    Watched,
    looked_at,
    other_axis,
    rows_grid,
)
from shapelint.verify.worker.outcome import shape_of


def rows_of(document: Mapping[str, Any]) -> tuple[Watched, Grid, int]:
    """A run, its grid of (rows, samples, steps), and how many samples the source has.

    Raises InconclusiveError where the target has no such axis, or nothing reaches it.
    """
    options = document["options"]
    watched = Watched(document["steps"], options["source"], document["target"])
    batch_axis, target_axis = options["batch_axis"], options["target_axis"]
    time_axis = options.get("time_axis", other_axis(watched.root, batch_axis))
    if not -watched.target.dim() <= target_axis < watched.target.dim():
        raise InconclusiveError(f"the value {shape_of(watched.target)} has no axis {target_axis}")
    grid = rows_grid(watched, batch_axis, time_axis, target_axis)
    return watched, grid, watched.root.shape[batch_axis]


def numbers_of(watched: Watched, axis: int) -> list[int]:
    """The numbers of the target's rows that a grid shows."""
    return looked_at(watched.target.shape[axis], MAX_ROWS)


def batch_mismatch(watched: Watched, axis: int, batch: int) -> str | None:
    """What is wrong with the number of rows; None where there is one for each sample."""
    rows = watched.target.shape[axis]
    return None if rows == batch else f"the result {shape_of(watched.target)} has {rows} rows for {batch} samples"
