"""How torch tests `state_acts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.program.steps import without_state
from shapelint.verify.worker.compared import compared
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """The target, a recurrent layer's output, must change when the call is given no state."""
    steps, target = document["steps"], document["target"]
    step = steps[target["ref"]]
    alone = without_state(step)
    if alone == step:
        return Outcome(True, "the call is given no state")
    found = compared(document, run(steps), alone)
    return Outcome(not found.holds, f"without the state {found.detail}")
