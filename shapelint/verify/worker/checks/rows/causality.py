"""How torch tests `causality`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import Watched, rows_grid
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.rows import numbers_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Take the gradients of each step of the target with respect to the source's steps."""
    options = document["options"]
    watched = Watched(document["steps"], options["source"], document["target"])
    grid = rows_grid(watched, options["time_axis"], None, options["target_axis"])[:, :, 0]
    for row, steps in zip(numbers_of(watched, options["target_axis"]), grid, strict=True):
        later = steps[row + 1 :].nonzero().flatten().tolist()
        if later:
            return Outcome(False, f"output step {row} depends on step {later[0] + row + 1}, which comes later")
    return Outcome(True, "no output step depends on a later step")
