"""How torch tests `unnormalised`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import target_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Sum the target along the axis: probabilities sum to 1, and none is negative."""
    axis = document["options"]["axis"]
    target = target_of(document, run(document["steps"]))
    sums = target.sum(axis)
    if bool((target >= 0).all()) and bool(torch.allclose(sums, torch.ones_like(sums))):
        return Outcome(False, f"its values along axis {axis} are probabilities already: they sum to 1")
    return Outcome(True, f"its values along axis {axis} are no probabilities")
