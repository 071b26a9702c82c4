"""The statements of a program up to its target."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight


def run_to_target(document: dict[str, Any]) -> tuple[str, list[str]]:
    """The name of the target, and the statements up to it."""
    names = Names(document["steps"])
    return names.of(document["target"]), straight(document["steps"], names)
