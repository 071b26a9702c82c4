"""The script that shows what is wrong with `has_shape`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight_to_result


def write(document: dict[str, Any]) -> list[str]:
    """The shape of the result, and the stated one."""
    names = Names(document["steps"])
    wanted = ", ".join("any" if size is None else str(size) for size in document["options"]["sizes"])
    return [
        *straight_to_result(document, names),
        f'print("result", tuple(result.shape), "stated ({wanted})")',
    ]
