"""The statements of a program up to its target."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, is_passed_on, statement


def run_to_target(document: dict[str, Any]) -> tuple[str, list[str]]:
    """The name of the target, and the statements up to it."""
    names = Names(document["steps"])
    lines = [statement(number, names) for number, step in enumerate(document["steps"]) if not is_passed_on(step)]
    return names.of(document["target"]), lines
