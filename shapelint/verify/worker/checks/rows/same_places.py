"""How torch tests `same_places`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import Watched, rows_grid
from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.rows import numbers_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Which entries of either tensor reach a row of the target."""
    options = document["options"]
    at = options["target_axis"]
    both = []
    for source, axis in (("source", "axis"), ("other", "other_axis")):
        watched = Watched(document["steps"], options[source], document["target"])
        both.append(rows_grid(watched, options[axis], None, at)[:, :, 0])
    for row, first, second in zip(numbers_of(watched, at), *both, strict=True):
        entries, others = (one.nonzero().flatten().tolist() for one in (first, second))
        if entries != others:
            return Outcome(
                False, f"row {row} is made of entry {listed(entries)} of one and of entry {listed(others)} of the other"
            )
    return Outcome(True, "each row is made of the same entries of both")
