"""How torch tests `equals`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.worker.footprint import tensor_of
from shapelint.verify.worker.outcome import TOLERANCE, Outcome, shape_of
from shapelint.verify.worker.replay import Encoded, run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Compute the target and the reference, and compare their numbers."""
    values = run(document["steps"])
    found = value_of(document["target"], values)
    if found is None:
        return Outcome(False, "the result is None")
    target = tensor_of(found, "target")
    reference = tensor_of(_reference(document["options"]["reference"], values), "reference")
    if target.shape != reference.shape:
        return Outcome(False, f"the result is {shape_of(target)}, the reference {shape_of(reference)}")
    difference = (target - reference).abs().max().item() if target.numel() else 0.0
    if difference <= TOLERANCE:
        return Outcome(True, "it is equal to the reference")
    return Outcome(False, f"it differs from the reference by up to {difference:.2g}")


def _reference(option: Encoded, values: Sequence[Any]) -> Any:
    if isinstance(option, dict):
        return value_of(option, values)
    name, call = option
    state = value_of(call, values)[1]
    h_n = state[0] if isinstance(state, tuple) else state
    return h_n[-1] if name == "last_state" else torch.cat((h_n[-2], h_n[-1]), -1)
