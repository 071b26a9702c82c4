"""How torch tests `sees_whole_sequence`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import Watched, features_grid
from shapelint.verify.worker.outcome import Outcome, listed


def check(document: Mapping[str, Any]) -> Outcome:
    """Take the gradients of each feature of the target with respect to the source's steps."""
    options = document["options"]
    watched = Watched(document["steps"], options["source"], document["target"])
    grid = features_grid(watched, options["time_axis"])
    blind = ~grid.all(1)
    if not blind.any():
        return Outcome(True, "every feature depends on every step")
    steps = grid[blind].any(0).nonzero().flatten().tolist()
    share = f"{int(blind.sum())} of {len(grid)} features"
    if len(steps) == grid.shape[1]:
        return Outcome(False, f"{share} do not depend on every step")
    seen = f"step{'s' if len(steps) > 1 else ''} {listed(steps)} only" if steps else "no step"
    return Outcome(False, f"{share} depend on {seen}, of steps 0 to {grid.shape[1] - 1}")
