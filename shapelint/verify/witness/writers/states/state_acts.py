"""The script that shows what is wrong with `state_acts`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.program.steps import without_state
from shapelint.verify.witness.compared import compared


def write(document: dict[str, Any]) -> list[str]:
    """The layer's call without a state."""
    return compared(document, without_state(document["steps"][document["target"]["ref"]]))
