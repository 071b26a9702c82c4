"""The script that shows what is wrong with `provenance`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapelint.verify.witness.script import as_function


def write(document: dict[str, Any]) -> list[str]:
    """How many cells of the result hold the value of another cell."""
    options = document["options"]
    axis, *sizes = options.get("split", [0])
    split = f".unflatten({axis}, {tuple(sizes)})" if sizes else ""
    select = f".select({_listed(options['select'])})" if "select" in options else ""
    return [
        *as_function(document),
        "coded = torch.arange(x.numel()).to(x.dtype).reshape(x.shape)",
        f"meant = coded{split}{select}.permute({_listed(options['expected'])})",
        "result = forward(coded)",
        'print("meant", tuple(meant.shape), "result", tuple(result.shape))',
        "moved = int((result != meant.reshape(result.shape)).sum())",
        'print(moved, "of", x.numel(), "cells hold another value")',
    ]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
