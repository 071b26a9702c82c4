"""How torch tests `kept_steps_reach`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.footprint import InconclusiveError, Watched, rows_grid, tensor_at
from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.replay import put
from shapelint.verify.worker.rows import numbers_of


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
    grid = rows_grid(watched, options["time_axis"], None, options["target_axis"])[:, :, 0]
    if kept.dim() != 2 or kept.shape[1] != grid.shape[1] or grid.shape[1] < 3:
        raise InconclusiveError("the mask has other steps than the source")
    for row, reaching in zip(numbers_of(watched, options["target_axis"]), grid, strict=True):
        reaching[row] = False
    reaching = grid.any(0)
    real = kept[0]
    if reaching[real].any() or not reaching[~real].any():
        return Outcome(True, "the steps at which the mask is true are read")
    steps, others = (one.nonzero().flatten().tolist() for one in (real, reaching))
    return Outcome(False, f"where the mask is true at steps {listed(steps)}, steps {listed(others)} are read")
