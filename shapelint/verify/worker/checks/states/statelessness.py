"""How torch tests `statelessness`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.program.steps import ancestors
from shapelint.verify.worker.compared import result_of
from shapelint.verify.worker.footprint import InconclusiveError
from shapelint.verify.worker.outcome import TOLERANCE, Outcome
from shapelint.verify.worker.replay import Encoded, run


def check(document: Mapping[str, Any]) -> Outcome:
    """A second pass over the same source, which draws other random numbers, must give the same."""
    steps = document["steps"]
    shared = ancestors(steps, document["options"]["source"]["ref"])
    drawn = {n for n, step in enumerate(steps) if _is_drawn(step) and n not in shared}
    if "anew" in document["options"]:
        drawn.add(document["options"]["anew"]["ref"])
    if not drawn:
        return Outcome(True, "nothing is drawn at random")
    first, second = (result_of(document, run(steps, redrawn=again)) for again in ((), drawn))
    if first.shape != second.shape:
        raise InconclusiveError("the shape of the result is drawn at random")
    difference = (first - second).abs().max().item()
    if difference <= TOLERANCE:
        return Outcome(True, "two passes over the same input agree")
    return Outcome(False, f"two passes over the same input differ by up to {difference:.2g}")


def _is_drawn(step: Encoded) -> bool:
    return bool(step["op"].rpartition(".")[2].startswith("rand"))
