"""The script that shows what is wrong with `biased`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.run import run_to_target


def write(document: dict[str, Any]) -> list[str]:
    """The names of the layer's parameters."""
    layer, steps = run_to_target(document)
    return [*steps, f'print("the parameters are", *(name for name, _ in {layer}.named_parameters()))']
