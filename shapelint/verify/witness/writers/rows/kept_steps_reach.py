"""The script that shows what is wrong with `kept_steps_reach`."""

from __future__ import annotations

from functools import partial
from typing import Any

from shapelint.verify.witness import rows
from shapelint.verify.witness.script import Names, as_function, changed, straight


def write(document: dict[str, Any]) -> list[str]:
    """The mask, and whether the result changes with each step of the source."""
    options, steps = document["options"], document["steps"]
    names = Names(steps)
    loop = rows.of_steps(options["time_axis"], options["target_axis"], partial(changed, document))
    return [
        *straight(steps[: options["mask"]["ref"] + 1], names),
        f'print("mask", {names.of(options["mask"])}.tolist())',
        *as_function(document),
        *loop,
    ]
