"""The script that shows what is wrong with `alike_samples`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import as_function


def write(document: dict[str, Any]) -> list[str]:
    """How far the rows of a batch of one sample, many times, are from each other."""
    options = document["options"]
    return [
        *as_function(document),
        f"alike = x.narrow({options['batch_axis']}, 0, 1).expand_as(x).clone()",
        f"rows = forward(alike).unbind({options['target_axis']})",
        'print("distances from row 0:", [(row - rows[0]).abs().max().item() for row in rows])',
    ]
