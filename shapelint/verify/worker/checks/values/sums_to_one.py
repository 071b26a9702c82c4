"""How torch tests `sums_to_one`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import target_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Sum the target along the axis."""
    axis = document["options"]["axis"]
    sums = target_of(document, run(document["steps"])).sum(axis)
    if bool(torch.allclose(sums, torch.ones_like(sums))):
        return Outcome(True, f"its values along axis {axis} sum to 1")
    least, most = sums.min().item(), sums.max().item()
    return Outcome(False, f"its values along axis {axis} sum to between {least:.3g} and {most:.3g}, not to 1")
