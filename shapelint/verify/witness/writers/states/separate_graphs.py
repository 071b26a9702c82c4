"""The script that shows what is wrong with `separate_graphs`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight


def write(document: dict[str, Any]) -> list[str]:
    """Two backward passes, one after the other."""
    names = Names(document["steps"])
    return [
        *straight(document["steps"], names),
        f"{names.of(document['options']['earlier'])}.sum().backward()",
        "try:",
        f"    {names.of(document['target'])}.sum().backward()",
        "except RuntimeError as error:",
        '    print("RuntimeError:", str(error).partition(".")[0])',
        "else:",
        '    print("both backward passes are possible")',
    ]
