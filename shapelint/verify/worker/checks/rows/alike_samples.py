"""How torch tests `alike_samples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import InconclusiveError, target_of, tensor_at
from shapelint.verify.worker.outcome import Outcome, agree
from shapelint.verify.worker.replay import put, run


def check(document: Mapping[str, Any]) -> Outcome:
    """Put the first sample in the place of every other one, and compare the rows."""
    options = document["options"]
    source, axis = options["source"], options["batch_axis"]

    def all_alike(value: Any) -> Any:
        original = tensor_at(value, source["path"], "source")
        return put(value, source["path"], original.narrow(axis, 0, 1).expand_as(original).clone())

    target = target_of(document, run(document["steps"], {source["ref"]: all_alike}))
    rows = target.unbind(options["target_axis"])
    if len(rows) < 2:
        raise InconclusiveError("there is one sample only")
    for number, row in enumerate(rows[1:], 1):
        if not agree(row, rows[0]):
            return Outcome(False, f"samples 0 and {number} are the same, and their rows differ")
    return Outcome(True, "samples that are the same have the same rows")
