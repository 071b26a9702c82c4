"""The dataclasses of shapelint.data do what those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field, replace
from typing import Any

import pytest

from shapelint.data import dataclass as ours


def classes(dataclass: Any) -> dict[str, Any]:
    """The same classes, made by one decorator or the other."""

    @dataclass(frozen=True, slots=True)
    class Empty:
        """Nothing."""

    @dataclass(frozen=True, slots=True, order=True)
    class Pair:
        """Two numbers; `note` does not count."""

        a: int
        b: float = 2.0
        note: str = field(default="", compare=False, repr=False)

    @dataclass(frozen=True, slots=True)
    class Further(Pair):
        """A field more."""

        inner: object = None

    @dataclass(slots=True)
    class Mutable:
        """It may change, so it has no hash."""

        items: list[int] = field(default_factory=list)

    @dataclass(slots=True, eq=False)
    class Itself:
        """Equal to nothing else."""

        a: int

    @dataclass(frozen=True, slots=True)
    class Own:
        """What its body says stays."""

        a: int

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    @dataclass(slots=True)
    class Prepared:
        """Fields of all kinds, and what is done when all are set."""

        a: int
        b: list[int] = field(default_factory=list)
        c: int = 3
        total: int = field(init=False)
        seen: dict[int, int] = field(init=False, default_factory=dict)

        def __post_init__(self) -> None:
            self.total = self.a + self.c + len(self.b)

    return {one.__name__: one for one in (Empty, Pair, Further, Mutable, Itself, Own, Prepared)}


OURS, THEIRS = classes(ours), classes(dataclasses.dataclass)
MADE = [
    ("Empty", ()),
    ("Pair", (1,)),
    ("Pair", (1, 3.0)),
    ("Pair", (0, 9.0, "x")),
    ("Pair", (0, 9.0, "y")),
    ("Further", (1,)),
    ("Further", (1, 2.0, "", [1, "two"])),
    ("Mutable", ()),
    ("Mutable", ([1],)),
    ("Itself", (1,)),
    ("Own", (1,)),
    ("Prepared", (1,)),
    ("Prepared", (1, [2], 4)),
]


def answer(ask: Any) -> object:
    """What a question gives, or the kind of error that it raises."""
    try:
        return ask()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize(("name", "given"), MADE, ids=str)
def test_an_object_is_like_that_of_the_library(name: str, given: tuple[Any, ...]) -> None:
    our, their = OURS[name](*given), THEIRS[name](*given)
    assert repr(our) == repr(their)
    assert (type(our).__slots__, type(our).__match_args__) == (type(their).__slots__, type(their).__match_args__)
    if name != "Itself":
        assert answer(lambda: hash(our)) == answer(lambda: hash(their))
        assert copy.deepcopy(our) == our
        assert replace(our) == our
    for other, arguments in MADE:
        for compare in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
            mine, library = OURS[other](*arguments), THEIRS[other](*arguments)
            assert answer(lambda: getattr(our, compare)(mine)) == answer(lambda: getattr(their, compare)(library))  # noqa: B023


@pytest.mark.parametrize(
    "given", [{}, {"a": 1, "nothing": 2}, {"a": 1, "total": 2}, {"a": 1, "c": 2, "b": [5]}], ids=str
)
def test_arguments_are_those_of_the_library(given: dict[str, Any]) -> None:
    ours_made, theirs_made = (answer(lambda made=made: repr(made["Prepared"](**given))) for made in (OURS, THEIRS))
    assert ours_made == theirs_made


def test_a_field_without_a_default_follows_none_that_has_one() -> None:
    made: list[Any] = [ours, dataclasses.dataclass]
    for dataclass in made:
        with pytest.raises(TypeError, match="default"):

            @dataclass(slots=True)
            class Wrong:
                """The order of its fields fits no call."""

                a: int = 1
                b: int


def test_what_is_made_for_an_object_is_its_own() -> None:
    assert OURS["Mutable"]().items is not OURS["Mutable"]().items


@ours(frozen=True, slots=True)
class Knot:
    """It may hold itself."""

    inner: list[object]


def test_what_holds_itself_is_shown() -> None:
    knot = Knot([])
    knot.inner.append(knot)
    assert repr(knot) == "Knot(inner=[...])"


def test_it_pickles() -> None:
    assert pickle.loads(pickle.dumps(Knot([1, (2,)]))) == Knot([1, (2,)])
