"""The script that shows what is wrong with `unchanged_by`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, is_passed_on, statement


def write(document: dict[str, Any]) -> list[str]:
    """The shape of the value before and after the step."""
    steps, step = document["steps"], document["options"]["step"]["ref"]
    names = Names(steps)
    lines = [(n, statement(n, names)) for n, one in enumerate(steps) if not is_passed_on(one)]
    value = names.of(document["target"])
    return [
        *(line for number, line in lines if number < step),
        f'print("before", tuple({value}.shape))',
        *(line for number, line in lines if number >= step),
        f'print("after", tuple({value}.shape))',
    ]
