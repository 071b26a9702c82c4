"""What lies inside values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapelint.finding import Ref
from shapelint.infer.values.snapshot import captured
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import inside, length_of, listed, loop_length
from shapelint.shapes.value import NONE, Dict, Int, List, SliceValue, Str, Tensor, Tuple, Unknown, Value, integer
from shapelint.trace.node import refs

N = Dim.symbol("n")
HOLDERS: dict[str, Callable[[Value], Value]] = {
    "a tuple": lambda value: Tuple((NONE, value)),
    "a list": lambda value: List([NONE, value]),
    "a sample": lambda value: List([NONE, value], N),
    "a dict": lambda value: Dict({"first": NONE, 1: value}),
    "a slice": lambda value: SliceValue(NONE, value, NONE),
}
holders = pytest.mark.parametrize("held_in", HOLDERS.values(), ids=HOLDERS)


@holders
def test_what_is_held_is_found_with_its_path(held_in: Callable[[Value], Value]) -> None:
    value = Tuple((Str("x"), held_in(integer(7))))
    assert [path for path, one in inside(value) if isinstance(one, Int)] == [(1, 1)]


@holders
def test_what_is_held_is_changed_and_its_holder_stays(held_in: Callable[[Value], Value]) -> None:
    value = held_in(integer(7))
    made = value.changed(lambda part: integer(8) if part == integer(7) else part)
    assert type(made) is type(value)
    assert [one for _, one in inside(made) if isinstance(one, Int)] == [integer(8)]
    assert [one for _, one in inside(value) if isinstance(one, Int)] == [integer(7)]
    assert loop_length(made) == loop_length(value)


@holders
def test_references_are_found(held_in: Callable[[Value], Value]) -> None:
    assert list(refs(held_in(Tensor((), ref=Ref(3))))) == [Ref(3)]


def test_a_whole_result_is_one_reference() -> None:
    assert list(refs(Tuple((Tensor((), ref=Ref(3, (0,))),), Ref(3)))) == [Ref(3)]


def test_lengths() -> None:
    pair, sample = [NONE, NONE], List([NONE], N)
    assert (length_of(List(pair)), length_of(Tuple(tuple(pair))), length_of(sample)) == (Dim.of(2), Dim.of(2), N)
    assert (listed(List(pair)), listed(Tuple(tuple(pair)))) == (pair, tuple(pair))
    assert listed(sample) is listed(Str("ab")) is None


def test_a_copy_stays_as_it_was() -> None:
    inner = List([integer(1)])
    outer = Dict({"inner": inner})
    kept = captured(outer)
    inner.items.append(inner)
    assert [one for _, one in inside(kept) if isinstance(one, Int)] == [integer(1)]
    assert isinstance(captured(outer), Unknown)
