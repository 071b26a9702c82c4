"""How torch tests `kept_steps_reach`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import InconclusiveError, Watched, steps_grid, tensor_at
from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.replay import put


def check(document: Mapping[str, Any]) -> Outcome:
    """Make the mask true at every other step, and see which steps reach the target."""
    options = document["options"]
    mask = options["mask"]
    kept = torch.zeros(0, dtype=torch.bool)

    def every_other(value: Any) -> Any:
        nonlocal kept
        kept = torch.zeros_like(tensor_at(value, mask["path"], "mask"), dtype=torch.bool)
        kept[:, ::2] = True
        return put(value, mask["path"], kept.clone())

    watched = Watched(document["steps"], options["source"], document["target"], {mask["ref"]: every_other})
    grid = steps_grid(watched, options["batch_axis"], options["time_axis"])
    if grid.shape != kept.shape or kept.shape[1] < 2:
        raise InconclusiveError("the mask has other steps than the source")
    for sample, (reaching, real) in enumerate(zip(grid, kept, strict=True)):
        if not reaching[real].any() and reaching[~real].any():
            steps, others = (one.nonzero().flatten().tolist() for one in (real, reaching))
            return Outcome(
                False,
                f"of sample {sample} the mask is true at steps {listed(steps)}, and steps {listed(others)} are read",
            )
    return Outcome(True, "the steps at which the mask is true are read")
