"""The script that shows what is wrong with `hooks_run`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, is_passed_on, statement


def write(document: dict[str, Any]) -> list[str]:
    """A forward hook that counts its calls."""
    names = Names(document["steps"])
    call = document["target"]["ref"]
    layer = names.of(document["steps"][call]["args"][0])
    before = [statement(n, names) for n, step in enumerate(document["steps"][:call]) if not is_passed_on(step)]
    return [
        *before,
        "ran = []",
        f"{layer}.register_forward_hook(lambda *_: ran.append(1))",
        statement(call, names),
        'print("forward hooks that were run:", len(ran))',
    ]
