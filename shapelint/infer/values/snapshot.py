"""Values as they are at one moment: what a trace keeps of them.

Lists and dicts change after a call that they were passed to, and may hold themselves; the trace keeps bounded
copies.
"""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.shapes.value import Dict, List, Tuple, Unknown, Value

MAX_ITEMS = 2000  #: values inside one value
MAX_DEPTH = 20  #: sequences inside sequences


def captured(value: Value) -> Value:
    """A copy that later changes leave alone; Unknown for what is too large, too deep or holds itself."""
    if not isinstance(value, Tuple | List | Dict):
        return value
    return _copy(value, [MAX_ITEMS], 0) or Unknown("...", "a value that is too large")


def _copy(value: Value, left: list[int], depth: int) -> Value | None:
    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        return None
    if isinstance(value, Tuple):
        items = _copies(value.items, left, depth)
        return None if items is None else Tuple(tuple(items), value.ref, value.names)
    if isinstance(value, List):
        items = _copies(value.items, left, depth)
        return None if items is None else List(items, value.length)
    if isinstance(value, Dict):
        items = _copies(value.items.values(), left, depth)
        return None if items is None else Dict(dict(zip(value.items, items, strict=True)), value.open)
    return value


def _copies(values: Iterable[Value], left: list[int], depth: int) -> list[Value] | None:
    copies: list[Value] = []
    for value in values:
        copy = _copy(value, left, depth + 1)
        if copy is None:
            return None
        copies.append(copy)
    return copies
