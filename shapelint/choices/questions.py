"""Conditions as questions about values that are not known, which can be answered for any value of Python's.

`answer` is None where Python raises for the values: the path then ends, so they are none of its values. It is EITHER
where a value that is tried stands for many that differ in it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from shapelint.data import dataclass
from shapelint.shapes.dim import Dim
from shapelint.shapes.monomials import name_of
from shapelint.shapes.term import RAISES, Term

OTHER_TEXT = "\0"  #: a text that nothing is compared with
OTHER_NUMBERS = (1_000_003, 1_000_033, 1_000_037, 1_000_039)  #: sizes that nothing is compared with

NEAR = 1e-9  #: by which two fractions that code speaks of differ at least


class Either:
    """No one answer: a value that is tried stands for some with each."""


EITHER = Either()

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
#: what is said of `b` and `a` when it is said of `a` and `b`
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PLAIN: Mapping[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of no plain kind, of the named classes: a list, a module, a device."""

    truth: bool = True
    classes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.truth


#: values that make a difference to every question
ANYTHING: tuple[object, ...] = (
    None, True, False, 0, 1, 2, -1, 0.5, "", OTHER_TEXT, Opaque(), Opaque(truth=False),
)  # fmt: skip


class Question(Protocol):
    """A yes-or-no question about values of variables."""

    @property
    def variables(self) -> tuple[str, ...]:
        """What it is about."""

    def candidates(self) -> Iterable[object]:
        """Values that may make a difference to the answer, besides ANYTHING."""

    def answer(self, values: Mapping[str, object]) -> bool | Either | None:
        """The answer for these values."""


@dataclass(frozen=True, slots=True)
class _AboutTerm:
    """A question about one term."""

    term: Term

    @property
    def variables(self) -> tuple[str, ...]:
        """The term's variable."""
        return (self.term.variable,)

    def candidates(self) -> Iterable[object]:
        """None, where ANYTHING has them all."""
        return ()

    def answer(self, values: Mapping[str, object]) -> bool | Either | None:
        """The answer for the term's value."""
        value = self.term.of(values)
        return None if value is RAISES else self.holds(value)

    def holds(self, value: object) -> bool | Either | None:
        """The answer for one value."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Among(_AboutTerm):
    """`term in options`; with one option, `term == option`."""

    options: tuple[object, ...]

    def candidates(self) -> Iterable[object]:
        """What makes it true."""
        return [source for option in self.options for source in self.term.sources(option)]

    def holds(self, value: object) -> bool:
        """Whether it equals one of the options."""
        return any(value == option for option in self.options)


@dataclass(frozen=True, slots=True)
class Holds(_AboutTerm):
    """`term.startswith(text)` and `term.endswith(text)`, by the name of the method."""

    method: str
    text: str

    def candidates(self) -> Iterable[object]:
        """The text itself, and longer ones that it begins and ends."""
        for text in (self.text, self.text + OTHER_TEXT, OTHER_TEXT + self.text):
            yield from self.term.sources(text)

    def holds(self, value: object) -> bool | None:
        """The answer for a text; None for what has no such method."""
        return bool(getattr(value, self.method)(self.text)) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Has(_AboutTerm):
    """`text in term`, of a text or of a list, a dict or an object that says itself what is in it."""

    text: str

    def candidates(self) -> Iterable[object]:
        """The text itself; longer ones are among those that nothing is compared with."""
        return self.term.sources(self.text)

    def holds(self, value: object) -> bool | Either | None:
        """The answer for a text, and for what holds nothing; None for what nothing can be in."""
        if isinstance(value, str):
            return self.text in value or (EITHER if OTHER_TEXT in value else False)
        if isinstance(value, Opaque):
            return EITHER if value.truth else False
        return None


@dataclass(frozen=True, slots=True)
class Same(_AboutTerm):
    """`term is None`, `term is True`, `term is False`."""

    constant: bool | None

    def holds(self, value: object) -> bool:
        """Whether it is that very object."""
        return value is self.constant


@dataclass(frozen=True, slots=True)
class Truth(_AboutTerm):
    """`if term:`."""

    def holds(self, value: object) -> bool:
        """Python's truth of it."""
        return bool(value)


@dataclass(frozen=True, slots=True)
class IsFlag(_AboutTerm):
    """Whether the term is a bool, or what stands for one: 0, 1 and None."""

    def holds(self, value: object) -> bool:
        """Whether it is one of these."""
        return value is None or (isinstance(value, int) and value in (0, 1))


@dataclass(frozen=True, slots=True)
class Compared(_AboutTerm):
    """`term > number`."""

    comparison: str
    number: int | float

    def candidates(self) -> Iterable[object]:
        """The number and its neighbours; between two fractions lies what is a little more than the lesser one."""
        beside = (NEAR,) if isinstance(self.number, float) else ()
        return (self.number, *(self.number + step for by in (1, *beside) for step in (-by, by)), OTHER_NUMBERS[0])

    def holds(self, value: object) -> bool | None:
        """The comparison; None for what has no order with numbers."""
        if not isinstance(value, int | float):
            return {"==": False, "!=": True}.get(self.comparison)
        return COMPARISONS[self.comparison](value, self.number)


@dataclass(frozen=True, slots=True)
class IsInstance(_AboutTerm):
    """`isinstance(term, (str, list))`, by the names of the classes."""

    classes: frozenset[str]

    def candidates(self) -> Iterable[object]:
        """Objects of those classes that no plain value is of."""
        others = sorted(self.classes - _PLAIN.keys())
        return [Opaque(truth, frozenset({name})) for name in others for truth in (True, False)]

    def holds(self, value: object) -> bool:
        """Whether it is of one of them."""
        if isinstance(value, Opaque):
            return not self.classes.isdisjoint(value.classes)
        return any(isinstance(value, _PLAIN[name]) for name in self.classes & _PLAIN.keys())


@dataclass(frozen=True, slots=True)
class Related:
    """`first - second` compared with a number, of two sizes, or of one where there is no second."""

    first: str
    second: str | None
    comparison: str
    number: int

    @property
    def variables(self) -> tuple[str, ...]:
        """The sizes."""
        return (self.first,) if self.second is None else (self.first, self.second)

    def candidates(self) -> Iterable[object]:
        """Sizes around the number, and as far from 1 and 2."""
        near = [abs(self.number) + step for step in (-1, 0, 1, 2, 3)]
        return [*filter(is_size, near), *OTHER_NUMBERS[:1]]

    def answer(self, values: Mapping[str, object]) -> bool | None:
        """The comparison; None for what is no size."""
        first, second = values[self.first], 0 if self.second is None else values[self.second]
        if not all(map(is_size, (values[name] for name in self.variables))):
            return None
        assert isinstance(first, int)
        assert isinstance(second, int)
        return COMPARISONS[self.comparison](first - second, self.number)


def is_size(value: object) -> bool:
    """Whether a value may be the size of an axis: sizes are at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def related(left: Dim, comparison: str, right: Dim) -> Related | None:
    """`left > right` as a question, where it is about one size, or about the difference of two."""
    number = 0
    first: str | None = None
    second: str | None = None
    for monomial, coefficient in (left - right).terms:
        symbol = name_of(monomial)
        if not monomial:
            number = -coefficient
        elif symbol is not None and coefficient == 1 and first is None:
            first = symbol
        elif symbol is not None and coefficient == -1 and second is None:
            second = symbol
        else:
            return None
    if second is not None and (first is None or second < first):  # one form for both ways to write it
        first, second, comparison, number = second, first, MIRRORED[comparison], -number
    return None if first is None else Related(first, second, comparison, number)
