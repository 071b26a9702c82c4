"""How torch tests `biased`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.held import module_of
from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.replay import run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Look for a bias among the parameters of the layer."""
    layer = module_of(value_of(document["target"], run(document["steps"])))
    names = [name for name, _ in layer.named_parameters()]
    return Outcome(any("bias" in name for name in names), f"its parameters are {listed(names)}")
