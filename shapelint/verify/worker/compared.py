"""A target that is computed again, and held against what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.worker.footprint import target_of
from shapelint.verify.worker.outcome import TOLERANCE, Outcome, shape_of
from shapelint.verify.worker.replay import Encoded, call_step


def compared(document: Mapping[str, Any], values: Sequence[Any], step: Encoded) -> Outcome:
    """Whether the target is the same when its step is another one."""
    target = document["target"]
    number = target["ref"]
    other = [*values[:number], call_step(step, number, values), *values[number + 1 :]]
    before, after = result_of(document, values), result_of(document, other)
    if before.shape != after.shape:
        return Outcome(False, f"the result is {shape_of(after)}, not {shape_of(before)}")
    difference = (before - after).abs().max().item() if before.numel() else 0.0
    if difference <= TOLERANCE:
        return Outcome(True, "the result is the same")
    return Outcome(False, f"the result differs by up to {difference:.2g}")


def result_of(document: Mapping[str, Any], values: Sequence[Any]) -> torch.Tensor:
    """The target among the values of a run, cut off from its graph."""
    return target_of(document, values).detach()
