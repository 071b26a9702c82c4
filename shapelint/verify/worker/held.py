"""Layers among the values, and what holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import InconclusiveError
from shapelint.verify.worker.replay import run, value_of


def held_of(document: Mapping[str, Any]) -> tuple[Any, list[torch.nn.Module]]:
    """What holds the layers, and the layers."""
    held = value_of(document["target"], run(document["steps"]))
    members = list(held.values()) if isinstance(held, dict | torch.nn.ModuleDict) else list(held)
    if not members:
        raise InconclusiveError("it holds no layers")
    return held, [module_of(member) for member in members]


def parameters_of(module: torch.nn.Module) -> set[int]:
    """What the parameters of a module are known by."""
    return {id(parameter) for parameter in module.parameters()}


def module_of(value: Any) -> torch.nn.Module:
    """The value, if it is a layer; raises InconclusiveError."""
    if not isinstance(value, torch.nn.Module):
        raise InconclusiveError("the target is not a layer")
    return value
