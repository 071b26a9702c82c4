"""How torch tests `registered`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.held import held_of, parameters_of
from shapelint.verify.worker.outcome import Outcome


def check(document: Mapping[str, Any]) -> Outcome:
    """Give what holds the layers to a module, and look for their parameters in it."""
    held, members = held_of(document)
    owner = torch.nn.Module()
    owner.held = held
    missing = sum(1 for member in members if not parameters_of(member) <= parameters_of(owner))
    if not missing:
        return Outcome(True, "all parameters are registered")
    kind = type(held).__name__
    return Outcome(
        False, f"a module with this {kind} has {len(parameters_of(owner))} parameters of {len(members)} layers"
    )
