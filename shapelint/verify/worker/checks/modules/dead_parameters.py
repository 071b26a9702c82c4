"""How torch tests `dead_parameters`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import InconclusiveError, target_of
from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.replay import run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Take the gradients of the target with respect to the layer's parameters."""
    options = document["options"]
    values = run(document["steps"])
    layer = value_of(options["layer"], values)
    target = target_of(document, values)
    if not target.requires_grad:
        raise InconclusiveError("the value does not depend on the layer at all")
    weights = torch.rand(target.shape, generator=torch.Generator().manual_seed(0)) + 0.5
    names = [name for name, _ in layer.named_parameters()]
    gradients = torch.autograd.grad((target * weights).sum(), list(layer.parameters()), allow_unused=True)
    dead = [name for name, grad in zip(names, gradients, strict=True) if grad is None or not grad.any()]
    if len(dead) == len(names):
        raise InconclusiveError("the value does not depend on the layer at all")
    dead = [name for name in dead if name not in options.get("allowed", ())]
    if not dead:
        return Outcome(True, "every parameter gets a gradient")
    return Outcome(False, f"{listed(dead)} get{'s' if len(dead) == 1 else ''} no gradient")
