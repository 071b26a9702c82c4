"""How torch tests `log_probabilities`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import target_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Sum the exponentials along the axis: those of log-probabilities sum to 1."""
    axis = document["options"]["axis"]
    sums = target_of(document, run(document["steps"])).exp().sum(axis)
    if bool(torch.allclose(sums, torch.ones_like(sums))):
        return Outcome(True, f"its values along axis {axis} are logarithms of probabilities")
    first = sums.flatten()[0].item()
    return Outcome(False, f"its exponentials along axis {axis} sum to {first:.3g}, not to 1")
