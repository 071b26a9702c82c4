"""The statements that compute a target again, and compare."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, expression, straight


def compared(document: dict[str, Any], step: Any) -> list[str]:
    """The statements that run another step in the place of the target's, and compare the results."""
    names, target = Names(document["steps"]), document["target"]
    part = "".join(f"[{index}]" for index in target["path"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(target)}",
        f"other = ({expression(step, names)}){part}",
        'print("result", tuple(result.shape), "other", tuple(other.shape))',
        'print("equal:", result.shape == other.shape and torch.allclose(result, other))',
    ]
