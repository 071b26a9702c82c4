"""How torch tests `unnormalised`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import tensor_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import Encoded, run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Sum the target along the axis: probabilities sum to 1, and none is negative."""
    axis = document["options"]["axis"]
    target = _target(document, run(document["steps"]))
    sums = target.sum(axis)
    if bool((target >= 0).all()) and bool(torch.allclose(sums, torch.ones_like(sums))):
        return Outcome(False, f"its values along axis {axis} are probabilities already: they sum to 1")
    return Outcome(True, f"its values along axis {axis} are no probabilities")


def _target(document: Mapping[str, Any], values: list[Encoded]) -> torch.Tensor:
    return tensor_of(value_of(document["target"], values), "target")
