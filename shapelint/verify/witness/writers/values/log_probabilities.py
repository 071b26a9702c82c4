"""The script that shows what is wrong with `log_probabilities`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight_to_result


def write(document: dict[str, Any]) -> list[str]:
    """What the exponentials along an axis sum to."""
    names = Names(document["steps"])
    axis = document["options"]["axis"]
    return [
        *straight_to_result(document, names),
        f'print("sums of exponentials along axis {axis}:", result.exp().sum({axis}).flatten()[:5].tolist())',
    ]
