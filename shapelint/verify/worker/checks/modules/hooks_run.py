"""How torch tests `hooks_run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.held import module_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Give the layer a forward hook, and see whether the call runs it."""
    ran: list[int] = []
    number = document["steps"][document["target"]["ref"]]["args"][0]["ref"]

    def watch(layer: Any) -> Any:
        module_of(layer).register_forward_hook(lambda *_: ran.append(1))
        return layer

    run(document["steps"], {number: watch})
    return Outcome(bool(ran), "its hooks are run" if ran else "a forward hook of the layer is not run")
