"""What a path has said of the values that it does not know: no two of its choices may contradict each other.

A variable is a value that the code never tells: a parameter, a setting, the size of an axis. Each condition that the
path decides is a question about variables, with an answer. A new question is asked here first: an answer is possible
if some values give it and all former answers. The values that are tried are those that can make a difference: the
constants that the questions name, their neighbours, what a known function makes them of, and values that equal nothing
that is named. That is exact for the questions of choices/questions.py (`tests/shapes/test_store.py` holds it against
brute force). A solver of finite domains would want these candidates, too, and then do no more than the product below.

What is left of a variable's values is kept from question to question: conditions are asked again and again, and most
are about one variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import product
from math import prod

from shapelint.choices.questions import (
    ANYTHING,
    EITHER,
    OTHER_NUMBERS,
    OTHER_TEXT,
    Opaque,
    Question,
    Related,
    is_size,
)
from shapelint.data import dataclass

MAX_CHAIN = 3  #: comparisons of two sizes that are followed from one to the next
MAX_ASSIGNMENTS = 20_000  #: of values to variables that depend on each other; beyond that, all is possible

BOTH = frozenset((True, False))
_SIDES = {True: frozenset((True,)), False: frozenset((False,))}


def _by_type(values: Iterable[object]) -> dict[tuple[type, object], object]:
    """Values by what tells them apart: 1 and True are equal."""
    return {(type(value), value): value for value in values}


#: what every variable may be before anything is asked of it
_FIRST = [_by_type([*ANYTHING, number]) for number in OTHER_NUMBERS]


@dataclass(slots=True)
class _Variable:
    """What was told of a variable alone, the values tried, and those that are left; what ties it to others."""

    name: str
    told: list[tuple[Question, bool]] = field(default_factory=list)
    tried: set[tuple[type, object]] = field(default_factory=set)
    left: list[object] = field(default_factory=list)
    ties: list[Question] = field(default_factory=list)

    def try_values(self, candidates: Iterable[object]) -> bool:
        """Take further values into account; whether there are any."""
        fresh = {key: value for key, value in _by_type(candidates).items() if key not in self.tried}
        self.tried.update(fresh)
        for value in fresh.values():
            if all(_allows(question, {self.name: value}, answer) for question, answer in self.told):
                self.left.append(value)
        return bool(fresh)

    def tell(self, question: Question, answer: bool) -> None:
        """Leave only the values with that answer."""
        self.told.append((question, answer))
        self.left = [value for value in self.left if _allows(question, {self.name: value}, answer)]


@dataclass(slots=True)
class Store:
    """The answers of one path, and what follows from them."""

    told: dict[Question, bool] = field(default_factory=dict)
    _variables: dict[str, _Variable] = field(default_factory=dict)
    _asked: dict[Question, frozenset[bool]] = field(default_factory=dict)  #: and answered as long as nothing is new

    def possible(self, question: Question) -> frozenset[bool]:
        """The answers that contradict none of those that were told; none where the path itself is impossible."""
        if question in self.told:
            return _SIDES[self.told[question]]
        if question not in self._asked:
            answers = self._possible(question)  # which may try new values, and forgets what they make a difference to
            self._asked[question] = answers
        return self._asked[question]

    def _possible(self, question: Question) -> frozenset[bool]:
        names = question.variables
        if len(names) == 1 and not self._variable(names[0]).ties:
            variable = self._variable(names[0])
            self._try_values([variable], question.candidates())
            return _answers(question, ({variable.name: value} for value in variable.left))
        assignments = self._assignments(names, question)
        return BOTH if assignments is None else _answers(question, assignments)

    def tell(self, question: Question, answer: bool) -> None:
        """Take an answer for granted from now on."""
        if question in self.told:
            return
        self.told[question] = answer
        self._asked.clear()
        variables = [self._variable(name) for name in question.variables]
        self._try_values(variables, question.candidates())
        if len(variables) == 1:
            variables[0].tell(question, answer)
        else:
            for variable in variables:
                variable.ties.append(question)

    def speaks_of(self, question: Question) -> bool:
        """Whether anything was told of a question's variables."""
        known = (self._variables.get(name) for name in question.variables)
        return any(variable is not None and (variable.told or variable.ties) for variable in known)

    def only_value(self, name: str) -> tuple[object, ...]:
        """The one value that a variable can have, as a tuple; an empty one where there are several."""
        variable = self._variable(name)
        if len(variable.left) == 1 and not stands_for_many(variable.left[0]):
            return (variable.left[0],)
        if not variable.ties:
            return ()
        left: set[object] = set()
        for values in self._assignments((name,), None) or ():
            left.add(values[name])
            if len(left) > 1 or stands_for_many(values[name]):
                return ()
        return tuple(left)

    def values_of(self, name: str) -> Sequence[object]:
        """The values that a variable can have, of those that make a difference; what ties it to others is not asked."""
        return self._variable(name).left

    def _try_values(self, variables: Iterable[_Variable], candidates: Iterable[object]) -> None:
        values = list(candidates)
        fresh = [variable.try_values(values) for variable in variables]
        if any(fresh):
            self._asked.clear()

    def _variable(self, name: str) -> _Variable:
        variable = self._variables.get(name)
        if variable is None:
            # sizes that nothing ties are different from each other
            values = _FIRST[len(self._variables) % len(_FIRST)]
            variable = self._variables[name] = _Variable(name, tried=set(values), left=list(values.values()))
        return variable

    def _assignments(self, names: tuple[str, ...], asked: Question | None) -> Iterator[Mapping[str, object]] | None:
        """Sizes of the variables, and of those tied to them, that fit all that was told; None for too many."""
        variables = self._tied(names)
        ties = list(dict.fromkeys(tie for variable in variables for tie in variable.ties))
        questions = [*ties, *(question for variable in variables for question, _ in variable.told)]
        near = [value for question in (*questions, *([asked] if asked else [])) for value in question.candidates()]
        far = _apart(near, [*questions, *([asked] if asked else [])])
        self._try_values(variables, far)
        # what is compared with a size is one
        ranges = [[value for value in variable.left if is_size(value)] for variable in variables]
        if prod(map(len, ranges)) > MAX_ASSIGNMENTS:
            return None
        every = (dict(zip([v.name for v in variables], chosen, strict=True)) for chosen in product(*ranges))
        return (values for values in every if all(tie.answer(values) is self.told[tie] for tie in ties))

    def _tied(self, names: tuple[str, ...]) -> list[_Variable]:
        """The variables of these names, and all that are tied to them."""
        found = dict.fromkeys(names)
        waiting = list(names)
        while waiting:
            for tie in self._variable(waiting.pop()).ties:
                waiting.extend(name for name in tie.variables if name not in found)
                found.update(dict.fromkeys(tie.variables))
        return [self._variable(name) for name in found]


def _apart(values: Sequence[object], questions: Iterable[Question]) -> Sequence[object]:
    """Values, and sizes that are as far from them as chains of comparisons say: b is a + 2, and c is b + 2."""
    pairs = [one for one in questions if isinstance(one, Related) and one.second is not None]
    names = {name for one in pairs for name in one.variables}
    steps = {way * one.number for one in pairs for way in (-1, 1)}
    found = {value for value in (*values, *OTHER_NUMBERS[:1]) if isinstance(value, int) and is_size(value)}
    for _ in range(min(len(names) - 1, MAX_CHAIN)):
        found |= {value + step for value in found for step in steps}
    return [*values, *filter(is_size, found)]


def _allows(question: Question, values: Mapping[str, object], wanted: bool) -> bool:
    """Whether values, or some of those that they stand for, give an answer."""
    answer = question.answer(values)
    return answer is wanted or answer is EITHER


def _answers(question: Question, assignments: Iterable[Mapping[str, object]]) -> frozenset[bool]:
    found: set[bool] = set()
    for values in assignments:
        found |= {answer for answer in BOTH if _allows(question, values, answer)}
        if len(found) == 2:
            return BOTH
    return frozenset(found)


def stands_for_many(value: object) -> bool:
    """Whether a value that is tried is none of the code's: any other text, number or object would do as well."""
    if isinstance(value, str):
        return OTHER_TEXT in value
    return isinstance(value, Opaque) or value in OTHER_NUMBERS
