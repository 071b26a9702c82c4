"""The script that shows what is wrong with `equals`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, parts_of, straight_to_result


def write(document: dict[str, Any]) -> list[str]:
    """The result and the reference, compared."""
    names = Names(document["steps"])
    return [
        *straight_to_result(document, names),
        f"reference = {_reference(document, names)}",
        "shape = None if result is None else tuple(result.shape)",
        'print("result", shape, "reference", tuple(reference.shape))',
        'print("equal:", shape == reference.shape and torch.allclose(result, reference))',
    ]


def _reference(document: dict[str, Any], names: Names) -> str:
    reference = document["options"]["reference"]
    if isinstance(reference, dict):
        return names.of(reference)
    kind, call = reference
    paths = parts_of(document["steps"][call["ref"]])
    h_n = names.of({"ref": call["ref"], "path": (1, 0) if (1, 0) in paths else (1,)})
    return f"{h_n}[-1]" if kind == "last_state" else f"torch.cat(({h_n}[-2], {h_n}[-1]), -1)"
