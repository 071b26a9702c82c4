"""The script that shows what is wrong with `substitution`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.program.steps import exchanged
from shapelint.verify.witness.compared import compared


def write(document: dict[str, Any]) -> list[str]:
    """The target's operation with the other arguments."""
    options = document["options"]
    step = document["steps"][document["target"]["ref"]]
    return compared(document, exchanged(step, list(zip(options["replaced"], options["by"], strict=True))))
