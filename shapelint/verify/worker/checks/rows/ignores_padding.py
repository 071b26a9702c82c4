"""How torch tests `ignores_padding`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import Watched, steps_grid, tensor_of
from shapelint.verify.worker.outcome import Outcome


def check(document: Mapping[str, Any]) -> Outcome:
    """Fill the padding of the classes, and take the loss's gradients with respect to the source's padding."""
    options, lengths = document["options"], document["lengths"]

    def fill(value: Any) -> Any:
        classes = tensor_of(value, "padded tensor").clone()
        for sample, length in zip(classes.movedim(options["padded_batch_axis"], 0), lengths, strict=True):
            sample[length:] = options["value"]
        return classes

    watched = Watched(document["steps"], options["source"], document["target"], {options["padded"]["ref"]: fill})
    grid = steps_grid(watched, options["batch_axis"], options["time_axis"])
    for sample, (steps, length) in enumerate(zip(grid, lengths, strict=True)):
        read = steps[length:].nonzero().flatten().tolist()
        if read:
            return Outcome(False, f"it depends on step {read[-1] + length} of sample {sample}, which is {length} long")
    return Outcome(True, "it depends on no padding")
