"""The script that shows what is wrong with `unsquashed`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight


def write(document: dict[str, Any]) -> list[str]:
    """Between which numbers the values lie."""
    names = Names(document["steps"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(document['target'])}",
        'print("least and largest value:", result.min().item(), result.max().item())',
    ]
