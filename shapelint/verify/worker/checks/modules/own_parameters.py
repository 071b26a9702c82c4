"""How torch tests `own_parameters`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.held import held_of, module_of, parameters_of
from shapelint.verify.worker.outcome import Outcome
from shapelint.verify.worker.replay import run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Count the parameters of the layers together, and apart."""
    members = _called(document) if "other" in document["options"] else held_of(document)[1]
    together = len(set().union(*map(parameters_of, members)))
    apart = sum(len(parameters_of(member)) for member in members)
    return Outcome(
        together == apart, f"{len(members)} layers have {together} parameters together, {apart} if counted apart"
    )


def _called(document: Mapping[str, Any]) -> list[torch.nn.Module]:
    """The layers of two calls."""
    values = run(document["steps"])
    calls = (document["steps"][ref["ref"]] for ref in (document["target"], document["options"]["other"]))
    return [module_of(value_of(call["args"][0], values)) for call in calls]
