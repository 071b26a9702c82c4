"""Steps of a program: what they are computed from, and with other arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Encoded = Any


def ancestors(steps: Sequence[Encoded], number: int) -> set[int]:
    """The steps that a step is computed from, and itself."""
    found = {number}
    for before in range(number, -1, -1):
        if before in found:
            found.update(refs((steps[before].get("args"), steps[before].get("kwargs"))))
    return found


def refs(encoded: Encoded) -> list[int]:
    """The numbers of the steps that an encoded value refers to."""
    if isinstance(encoded, dict) and "ref" in encoded:
        return [encoded["ref"]]
    items = encoded.values() if isinstance(encoded, dict) else encoded
    return [ref for item in items for ref in refs(item)] if isinstance(encoded, dict | list | tuple) else []


def exchanged(step: Encoded, exchange: Sequence[tuple[Encoded, Encoded]]) -> Encoded:
    """A step with other references in the place of some of its arguments."""
    for before, after in exchange:
        if step == before:
            return after
    if isinstance(step, list):
        return [exchanged(item, exchange) for item in step]
    if isinstance(step, dict) and "ref" not in step:
        return {key: exchanged(item, exchange) for key, item in step.items()}
    return step


def without_state(step: Encoded) -> Encoded:
    """The call of a recurrent layer without its state."""
    kwargs = {name: value for name, value in step["kwargs"].items() if name != "hx"}
    return {**step, "args": step["args"][:2], "kwargs": kwargs}
