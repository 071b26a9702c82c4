"""How torch tests `dropout_acts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import InconclusiveError, tensor_of
from shapelint.verify.worker.outcome import Outcome, agree
from shapelint.verify.worker.replay import run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Run two passes in training mode, each from its own seed."""
    layer = value_of(document["target"], run(document["steps"]))
    if not isinstance(layer, torch.nn.RNNBase):
        raise InconclusiveError("the target is not a recurrent layer")
    layer.dropout = document["options"].get("dropout", layer.dropout)
    if not layer.dropout:
        return Outcome(True, "the layer has no dropout")
    layer.train()
    sequence = torch.randn(5, 3, layer.input_size, generator=torch.Generator().manual_seed(0))
    first, second = (_seeded_pass(layer, sequence, seed) for seed in (1, 2))
    if agree(first, second):
        return Outcome(False, f"with dropout={layer.dropout:g} two passes in training mode are equal")
    return Outcome(True, "two passes in training mode differ")


def _seeded_pass(layer: torch.nn.RNNBase, sequence: torch.Tensor, seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return tensor_of(layer(sequence)[0], "output").detach()
