"""How torch tests `loop_matters`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import InconclusiveError, target_of, tensor_of
from shapelint.verify.worker.held import module_of
from shapelint.verify.worker.outcome import Outcome, agree
from shapelint.verify.worker.replay import decode, run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Give the layer all the steps of the calls in one call, and compare the last of them."""
    steps, target = document["steps"], document["target"]
    values = run(steps)
    last = steps[target["ref"]]
    calls = [step for step in steps if step["op"] == last["op"] and step["args"][:1] == last["args"][:1]]
    if len(calls) < 2 or any(len(call["args"]) < 2 for call in calls):
        raise InconclusiveError("there are no calls to put together")
    layer: Any = module_of(value_of(last["args"][0], values))
    axis = 1 if layer.batch_first else 0
    inputs = [tensor_of(decode(call["args"][1], values), "input") for call in calls]
    given = [decode(state, values) for state in calls[0]["args"][2:]]
    together = layer(torch.cat(inputs, axis), *given)[0]
    end = target_of(document, values)
    if not agree(together.narrow(axis, together.shape[axis] - end.shape[axis], end.shape[axis]), end):
        return Outcome(True, "one call gives something else")
    return Outcome(False, f"one call with {len(calls)} steps gives the same last step as {len(calls)} calls")
