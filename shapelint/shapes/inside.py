"""What lies inside values: the one walk through sequences, dicts and slices.

It does not end in a list that holds itself; a trace keeps none (infer/values/snapshot.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, List, SliceValue, Tuple, Value

Path = tuple[object, ...]  #: the keys that lead to a value inside another one


def parts(value: Value) -> Iterable[tuple[object, Value]]:
    """The values directly inside of a value: an item with its index or key, a bound with its number."""
    if isinstance(value, Tuple | List):
        return enumerate(value.items)
    if isinstance(value, Dict):
        return value.items.items()
    if isinstance(value, SliceValue):
        return enumerate((value.lower, value.upper, value.step))
    return ()


def inside(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """A value and all inside of it, each with the path that leads to it."""
    yield path, value
    for key, part in parts(value):
        yield from inside(part, (*path, key))


def changed(value: Value, change: Callable[[Value], Value]) -> Value:
    """The value with each of its parts changed."""
    if isinstance(value, Tuple):
        return replace(value, items=tuple(map(change, value.items)))
    if isinstance(value, List):
        return List(list(map(change, value.items)), value.length)
    if isinstance(value, Dict):
        return Dict({key: change(item) for key, item in value.items.items()}, value.open)
    if isinstance(value, SliceValue):
        return SliceValue(change(value.lower), change(value.upper), change(value.step))
    return value


def loop_length(value: object) -> Dim | None:
    """The length of a list that a loop filled, whose items are a sample; None for anything else."""
    return value.length if isinstance(value, List) else None


def length_of(sequence: Tuple | List) -> Dim:
    """How many items there are."""
    return loop_length(sequence) or Dim.of(len(sequence.items))


def listed(value: object) -> Sequence[Value] | None:
    """The items of a sequence; None where they are a sample, and for anything else."""
    return value.items if isinstance(value, Tuple | List) and loop_length(value) is None else None
