"""How torch tests `raises`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.outcome import Outcome, told
from shapelint.verify.worker.replay import TOO_LARGE, RefusedError, StepError, run, value_of
from shapelint.verify.worker.vast import run_shapes


def check(document: Mapping[str, Any]) -> Outcome:
    """Run the program, and see whether torch raises at the target's node, or Python where it unpacks the result."""
    options = document["options"]
    target = document["target"]
    is_vast = "vast" in document
    try:
        values = run_shapes(document["steps"]) if is_vast else run(document["steps"], detaching=True)
    except StepError as raised:
        if raised.step != target["ref"] or options.get("match", "") not in str(raised.error):
            raise
        return Outcome(True, told(raised.error))
    if is_vast:
        raise RefusedError(TOO_LARGE)  # without numbers, that nothing is raised shows nothing
    if "unpack" in options:
        return _unpacks(value_of(target, values), options["unpack"])
    return Outcome(False, "torch runs it without an exception")


def _unpacks(value: Any, names: int) -> Outcome:
    try:
        found = len(list(value))
    except TypeError as error:
        return Outcome(True, told(error))
    if found == names:
        return Outcome(False, f"it unpacks into {names} values")
    problem = f"not enough values to unpack (expected {names}, got {found})"
    return Outcome(
        True, "ValueError: " + (problem if found < names else f"too many values to unpack (expected {names})")
    )
