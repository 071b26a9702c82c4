"""The script that shows what is wrong with `argument_acts`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.run import run_to_target


def write(document: dict[str, Any]) -> list[str]:
    """The bias and the nonlinearity of the layer as it is built."""
    layer, steps = run_to_target(document)
    return [*steps, f'print("bias is", repr({layer}.bias), "and nonlinearity", getattr({layer}, "nonlinearity", None))']
