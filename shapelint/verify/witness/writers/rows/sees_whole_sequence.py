"""The script that shows what is wrong with `sees_whole_sequence`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.rows import at
from shapelint.verify.witness.script import as_function, changed, indented


def write(document: dict[str, Any]) -> list[str]:
    """Each step changed in turn, and how many features change with it."""
    time = document["options"]["time_axis"]
    return [
        *as_function(document),
        f"for step in range(x.shape[{time}]):",
        *indented(changed(document, at({time: "step"}))),
        "    features = (forward(other) != result).reshape(-1, result.shape[-1]).any(0)",
        '    print(f"step {step} reaches {int(features.sum())} of {len(features)} features")',
    ]
