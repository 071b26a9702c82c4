"""How torch tests `has_shape`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import target_of
from shapelint.verify.worker.outcome import Outcome, shape_of
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Run the program, and look at the target's shape."""
    target = target_of(document, run(document["steps"]))
    wanted = document["options"]["sizes"]
    if target.dim() != len(wanted):
        return Outcome(False, f"the result {shape_of(target)} has {target.dim()} axes, not {len(wanted)}")
    for axis, (size, want) in enumerate(zip(target.shape, wanted, strict=True)):
        if want not in (None, size):
            return Outcome(False, f"axis {axis} of the result {shape_of(target)} is {size} long, not {want}")
    return Outcome(True, f"the result {shape_of(target)} has that shape")
