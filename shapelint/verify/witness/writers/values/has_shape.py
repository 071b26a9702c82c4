"""The script that shows what is wrong with `has_shape`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight


def write(document: dict[str, Any]) -> list[str]:
    """The shape of the result, and the stated one."""
    names = Names(document["steps"])
    wanted = ", ".join("any" if size is None else str(size) for size in document["options"]["sizes"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(document['target'])}",
        f'print("result", tuple(result.shape), "stated ({wanted})")',
    ]
