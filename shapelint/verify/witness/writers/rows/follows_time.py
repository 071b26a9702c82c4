"""The script that shows what is wrong with `follows_time`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import as_function


def write(document: dict[str, Any]) -> list[str]:
    """A source that is one step shorter."""
    axis = document["options"]["time_axis"]
    return [
        *as_function(document),
        "try:",
        f"    forward(x.narrow({axis}, 1, x.shape[{axis}] - 1))",
        "except Exception as error:",
        '    print("one step less:", f"{type(error).__name__}: {error}")',
    ]
