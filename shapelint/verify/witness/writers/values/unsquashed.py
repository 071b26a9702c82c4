"""The script that shows what is wrong with `unsquashed`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight_to_result


def write(document: dict[str, Any]) -> list[str]:
    """Between which numbers the values lie."""
    names = Names(document["steps"])
    return [
        *straight_to_result(document, names),
        'print("least and largest value:", result.min().item(), result.max().item())',
    ]
