"""The truth of values, as far as it is known without asking the path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapelint.infer.kinds import ByKind
from shapelint.shapes.value import Dict, List, Value

#: whether a value of a kind counts as true; None where that is not known
truths: ByKind[Callable[[Any], bool | None]] = ByKind()


def truth_of(value: Value | None) -> bool | None:
    """Python's truth of a value, None where it is not known."""
    tell = truths.of(value)
    return None if tell is None else tell(value)


def likely_truth(default: Value) -> bool | None:
    """The truth that a default makes likely; an empty list or dict stands for what is not given."""
    return None if isinstance(default, List | Dict) else truth_of(default)
