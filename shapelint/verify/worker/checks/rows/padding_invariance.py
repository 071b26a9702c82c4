"""How torch tests `padding_invariance`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.worker.footprint import Grid, Watched, target_of
from shapelint.verify.worker.outcome import Outcome, agree
from shapelint.verify.worker.replay import StepError, run
from shapelint.verify.worker.rows import batch_mismatch, numbers_of, rows_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Take the gradients of each row with respect to the padding, and run each sample alone without any."""
    watched, grid, batch = rows_of(document)
    mismatch = batch_mismatch(watched, document["options"]["target_axis"], batch)
    if mismatch is not None:
        return Outcome(False, mismatch, grid)
    rows = numbers_of(watched, document["options"]["target_axis"])
    padding = _padding_read(document["lengths"], rows, grid, document["options"].get("on_left", False))
    if padding is not None:
        return Outcome(False, padding, grid)
    return _alone(document, watched) or _last_steps(document["lengths"], rows, grid)


def _padding_read(lengths: Sequence[int], rows: Sequence[int], grid: Grid, on_left: bool) -> str | None:
    for row, samples in zip(rows, grid, strict=True):
        for sample, steps in enumerate(samples):
            length = lengths[sample]
            start, end = (0, len(steps) - length) if on_left else (length, len(steps))
            read = steps[start:end].nonzero().flatten().tolist()
            if read:
                return f"output row {row} depends on step {start + read[-1]} of sample {sample}, which is {length} long"
    return None


def _alone(document: Mapping[str, Any], watched: Watched) -> Outcome | None:
    """Compare each row with what the sample gives alone, without padding; None where that cannot be run."""
    if not document["variants"]:
        return None
    whole = run(document["steps"])
    for variant in document["variants"]:
        row = variant["row"]
        try:
            values = run(variant["steps"], whole=whole)
        except StepError:
            return None
        alone = target_of(document, values).detach()
        if not _agrees(watched.target.detach().narrow(document["options"]["target_axis"], row, 1), alone):
            length = document["lengths"][row]
            seen = f"output row {row} differs from what sample {row} gives alone, in its {length} steps"
            return Outcome(False, seen + " without padding")
    return Outcome(True, "padding changes nothing, and each row is what its sample gives alone")


def _agrees(row: torch.Tensor, alone: torch.Tensor) -> bool:
    """Whether a row is what a sample gives alone, as far as that goes: the row may have padding behind it."""
    if row.dim() != alone.dim() or any(a > b for a, b in zip(alone.shape, row.shape, strict=True)):
        return False
    return agree(row[tuple(slice(size) for size in alone.shape)], alone)


def _last_steps(lengths: Sequence[int], rows: Sequence[int], grid: Grid) -> Outcome:
    """Without single runs: a row must at least have read its sample's last step."""
    for row, samples in zip(rows, grid, strict=True):
        last = lengths[row] - 1
        if not samples[row][last]:
            return Outcome(False, f"output row {row} does not depend on step {last}, the last of its sample", grid)
    return Outcome(True, "each row reads its sample to the end, and no padding", grid)
