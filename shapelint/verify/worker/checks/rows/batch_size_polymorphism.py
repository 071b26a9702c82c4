"""How torch tests `batch_size_polymorphism`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import target_of, tensor_of
from shapelint.verify.worker.outcome import Outcome, shape_of, told
from shapelint.verify.worker.replay import StepError, run, value_of


def check(document: Mapping[str, Any]) -> Outcome:
    """Run the program with batches of 1, 2 and 3 samples."""
    options = document["options"]
    axis = options["target_axis"]
    values = run(document["steps"])
    full = target_of(document, values)
    batch = tensor_of(value_of(options["source"], values), "source").shape[options["batch_axis"]]
    for size, steps in [
        (batch, None),
        *((variant["batch"], variant["steps"]) for variant in document["variants"]),
    ]:
        try:
            target = full if steps is None else value_of(document["target"], run(steps))
        except StepError as raised:
            return Outcome(False, f"a batch of {size} raises {told(raised.error)}")
        if target.dim() != full.dim() or not -target.dim() <= axis < target.dim() or target.shape[axis] != size:
            return Outcome(False, f"a batch of {size} gives a result of shape {shape_of(target)}")
    return Outcome(True, "the result follows batches of 1, 2 and 3")
