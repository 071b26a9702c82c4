"""How torch tests `unsquashed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import target_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Look whether a value is less than 0 or more than 1."""
    target = target_of(document, run(document["steps"]))
    if bool(((target >= 0) & (target <= 1)).all()):
        least, most = target.min().item(), target.max().item()
        return Outcome(False, f"its values are probabilities already: they lie between {least:.3g} and {most:.3g}")
    return Outcome(True, "its values are no probabilities")
