"""Which way a condition goes on this path."""

from __future__ import annotations

from shapelint.infer.state import Run
from shapelint.infer.values.constants import truth_of
from shapelint.shapes.value import Dict, List, Unknown, Value
from shapelint.syntax import facts


def truth(run: Run, value: Value, expression: facts.Expression) -> bool:
    """Python's truth of a value; an unknown one is decided, and written down."""
    if isinstance(value, Unknown):
        return run.decide_truth(value)
    if isinstance(value, List):
        return bool(value.items)
    if isinstance(value, Dict):
        return bool(value.items) or value.open
    known = truth_of(value)
    if known is not None:
        return known
    if hasattr(value, "axes") or hasattr(value, "dim"):
        return run.decide_truth(Unknown(run.key_of(expression), "a value of the data"))
    return True
