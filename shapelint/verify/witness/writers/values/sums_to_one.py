"""The script that shows what is wrong with `sums_to_one`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight_to_result


def write(document: dict[str, Any]) -> list[str]:
    """What the values along an axis sum to."""
    names = Names(document["steps"])
    axis = document["options"]["axis"]
    return [
        *straight_to_result(document, names),
        f'print("sums along axis {axis}:", result.sum({axis}).flatten()[:5].tolist(), "least:", result.min().item())',
    ]
