"""The script that shows what is wrong with `statelessness`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, after, indented, is_passed_on, statement


def write(document: dict[str, Any]) -> list[str]:
    """Two passes over the same source."""
    steps = document["steps"]
    names = Names(steps)
    inside = after(steps, document["options"]["source"])
    if "anew" in document["options"]:
        inside = sorted({*inside, document["options"]["anew"]["ref"]})
    before = [statement(n, names) for n, step in enumerate(steps) if n not in inside and not is_passed_on(step)]
    body = [*(statement(number, names) for number in inside), f"return {names.of(document['target'])}"]
    return [
        *before,
        "",
        "def forward():",
        *indented(body),
        "",
        'print("two passes over the same input are equal:", forward().equal(forward()))',
    ]
