"""How torch tests `unchanged_by`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import target_of, tensor_at
from shapelint.verify.worker.outcome import Outcome, shape_of
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Look at the target's shape before and after the step."""
    target = document["target"]
    before = ""

    def note(value: Any) -> Any:
        nonlocal before
        before = shape_of(tensor_at(value, target["path"], "target"))
        return value

    values = run(document["steps"], {target["ref"]: note})
    after = shape_of(target_of(document, values))
    if before == after:
        return Outcome(True, f"the value keeps its shape {after}")
    return Outcome(False, f"the value is {before} before the call, and {after} after it")
