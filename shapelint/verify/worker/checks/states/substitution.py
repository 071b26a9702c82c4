"""How torch tests `substitution`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.program.steps import exchanged
from shapelint.verify.worker.compared import compared
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """The target's operation must give the same with other values in the place of some arguments."""
    steps, target, options = document["steps"], document["target"], document["options"]
    values = run(steps)
    exchange = list(zip(options["replaced"], options["by"], strict=True))
    return compared(document, values, exchanged(steps[target["ref"]], exchange))
