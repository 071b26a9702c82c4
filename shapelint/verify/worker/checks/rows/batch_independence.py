"""How torch tests `batch_independence`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.rows import batch_mismatch, numbers_of, rows_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Take the gradients of each row of the target with respect to each sample."""
    watched, grid, batch = rows_of(document)
    mismatch = batch_mismatch(watched, document["options"]["target_axis"], batch)
    by_sample = grid.any(2)
    if mismatch is not None:
        return Outcome(False, f"{mismatch}: {_reads(0, by_sample[0])}", grid)
    rows = numbers_of(watched, document["options"]["target_axis"])
    for row, samples in zip(rows, by_sample, strict=True):
        others = samples.clone()
        others[row] = False
        if others.any():
            return Outcome(False, _reads(row, samples), grid)
    for row, samples in zip(rows, by_sample, strict=True):
        if not samples[row]:
            return Outcome(False, f"output row {row} does not depend on its own sample", grid)
    return Outcome(True, "each output row depends on its own sample only", grid)


def _reads(row: int, samples: torch.Tensor) -> str:
    numbers = samples.nonzero().flatten().tolist()
    if not numbers:
        return f"output row {row} depends on no sample"
    return f"output row {row} depends on sample{'s' if len(numbers) > 1 else ''} {listed(numbers)}"
