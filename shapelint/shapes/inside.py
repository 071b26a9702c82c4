"""What lies inside values: the one walk through sequences, dicts and slices.

It does not end in a list that holds itself; a trace keeps none (infer/values/snapshot.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.shapes.dim import Dim
from shapelint.shapes.value import List, Tuple, Value

Path = tuple[object, ...]  #: the keys that lead to a value inside another one


def inside(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """A value and all inside of it, each with the path that leads to it."""
    yield path, value
    for key, part in value.parts():
        yield from inside(part, (*path, key))


def loop_length(value: object) -> Dim | None:
    """The length of a list that a loop filled, whose items are a sample; None for anything else."""
    return value.length if isinstance(value, List) else None


def length_of(sequence: Tuple | List) -> Dim:
    """How many items there are."""
    return loop_length(sequence) or Dim.of(len(sequence.items))


def listed(value: object) -> Sequence[Value] | None:
    """The items of a sequence; None where they are a sample, and for anything else."""
    return value.items if isinstance(value, Tuple | List) and loop_length(value) is None else None
