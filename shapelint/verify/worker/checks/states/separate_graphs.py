"""How torch tests `separate_graphs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import target_of, tensor_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """A backward pass from the target must not need what an earlier one has freed."""
    values = run(document["steps"], detaching=True)
    earlier = tensor_of(value_of(document["options"]["earlier"], values), "earlier")
    target = target_of(document, values)
    earlier.sum().backward()
    try:
        target.sum().backward()
    except RuntimeError as error:
        return Outcome(False, f"RuntimeError: {str(error).partition('.')[0]}")
    return Outcome(True, "a backward pass from each of the two is possible")
