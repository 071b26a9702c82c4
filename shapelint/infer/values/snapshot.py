"""Values as they are at one moment: what a trace keeps of them.

Lists and dicts change after a call that they were passed to, and may hold themselves; the trace keeps bounded
copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from shapelint.shapes.value import Unknown, Value

MAX_ITEMS = 2000  #: values inside one value
MAX_DEPTH = 20  #: sequences inside sequences


class _TooLargeError(Exception):
    pass


def captured(value: Value) -> Value:
    """A copy that later changes leave alone; Unknown for what is too large, too deep or holds itself."""
    try:
        return _copy(value, count(1), 0)
    except _TooLargeError:
        return Unknown("...", "a value that is too large")


def _copy(value: Value, numbers: Iterator[int], depth: int) -> Value:
    if next(numbers) > MAX_ITEMS or depth > MAX_DEPTH:
        raise _TooLargeError
    return value.changed(lambda part: _copy(part, numbers, depth + 1))
