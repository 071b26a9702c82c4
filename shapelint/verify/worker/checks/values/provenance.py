"""How torch tests `provenance`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import target_of, tensor_at
from shapelint.verify.worker.outcome import Outcome, shape_of
from shapelint.verify.worker.replay import put, run


def check(document: Mapping[str, Any]) -> Outcome:
    """Number the cells of the source, and see where the numbers are in the target."""
    options = document["options"]
    source = options["source"]
    coded = torch.empty(0)

    def code(value: Any) -> Any:
        nonlocal coded
        original = tensor_at(value, source["path"], "source")
        coded = torch.arange(original.numel(), dtype=original.dtype).reshape(original.shape)
        return put(value, source["path"], coded.clone())

    values = run(document["steps"], {source["ref"]: code})
    target = target_of(document, values)
    meant = _meant(coded, options)
    if meant.numel() != target.numel():
        return Outcome(False, f"the result {shape_of(target)} is not a rearrangement of {shape_of(meant)}")
    moved = (meant.reshape(target.shape) != target).float().mean().item()
    if moved == 0:
        return Outcome(True, "every cell is where it belongs")
    return Outcome(False, f"{moved:.0%} of the cells hold another cell's value")


def _meant(source: torch.Tensor, options: Mapping[str, Any]) -> torch.Tensor:
    if "split" in options:
        axis, *sizes = options["split"]
        source = source.unflatten(axis, sizes)
    if "select" in options:
        source = source.select(*options["select"])
    return source.permute(options["expected"])
