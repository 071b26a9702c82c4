"""What a path has said of the values that it does not know: no two of its choices may contradict each other.

A variable is a value that the code never tells: a parameter, a setting, the size of an axis. Each condition that the
path decides is a question about variables, with an answer. A new question is asked here first: an answer is possible
if some values give it and all former answers. The values that are tried are those that can make a difference: the
constants that the questions name, their neighbours, what a known function makes them of, and values that equal nothing
that is named. That is exact for the questions of infer/questions.py (`tests/test_store.py` holds it against brute
force). A solver of finite domains would want these candidates, too, and then do no more than the product below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

from shapelint.infer.questions import ANYTHING, OTHER_NUMBERS, OTHER_TEXT, Opaque, Question, is_size

MAX_ASSIGNMENTS = 20_000  #: of values to variables that depend on each other; beyond that, all is possible

Told = tuple[Question, bool]


@dataclass(slots=True)
class Store:
    """The answers of one path, and what follows from them."""

    told: dict[Question, bool] = field(default_factory=dict)

    def possible(self, question: Question) -> frozenset[bool]:
        """The answers that contradict none of those that were told; none where the path itself is impossible."""
        if question in self.told:
            return frozenset((self.told[question],))
        assignments = self._assignments(question.variables, question)
        if assignments is None:
            return frozenset((True, False))
        found: set[bool] = set()
        for values in assignments:
            answer = question.answer(values)
            if answer is not None:
                found.add(answer)
            if len(found) == 2:
                break
        return frozenset(found)

    def tell(self, question: Question, answer: bool) -> None:
        """Take an answer for granted from now on."""
        self.told[question] = answer

    def speaks_of(self, question: Question) -> bool:
        """Whether anything was told of a question's variables."""
        return any(not set(question.variables).isdisjoint(told.variables) for told in self.told)

    def only_value(self, variable: str) -> tuple[object, ...]:
        """The one value that a variable can have, as a tuple; an empty one where there are several."""
        if not any(variable in question.variables for question in self.told):
            return ()
        left: list[object] = []
        for values in self._assignments((variable,), None) or ():
            value = values[variable]
            if not any(type(value) is type(one) and value == one for one in left):
                left.append(value)
            if len(left) > 1 or _stands_for_many(left[0]):
                return ()
        return tuple(left)

    def _connected(self, variables: tuple[str, ...]) -> list[Told]:
        """What was told of the variables, and of all that are tied to them."""
        known, size = set(variables), -1
        found: list[Told] = []
        while size != len(known):
            size = len(known)
            found = [told for told in self.told.items() if not known.isdisjoint(told[0].variables)]
            known.update(name for question, _ in found for name in question.variables)
        return found

    def _assignments(self, variables: tuple[str, ...], asked: Question | None) -> Iterator[Mapping[str, object]] | None:
        """Values of the variables, and of those tied to them, that fit all that was told; None for too many."""
        about = self._connected(variables)
        questions = [*(question for question, _ in about), *([asked] if asked else [])]
        names = list(dict.fromkeys(name for question in questions for name in question.variables))
        ranges = [_range(name, place, about, questions) for place, name in enumerate(names)]
        if prod(map(len, ranges)) > MAX_ASSIGNMENTS:
            return None
        tied = [told for told in about if len(told[0].variables) > 1]
        every = (dict(zip(names, chosen, strict=True)) for chosen in product(*ranges))
        return (values for values in every if all(question.answer(values) is answer for question, answer in tied))


def _range(name: str, place: int, about: list[Told], questions: list[Question]) -> list[object]:
    """The values of one variable that are tried, those that what was told of it alone allows."""
    mine = [question for question in questions if name in question.variables]
    tied = any(len(question.variables) > 1 for question in mine)
    # sizes that nothing ties are different from each other
    anything = [*ANYTHING, OTHER_NUMBERS[place % len(OTHER_NUMBERS)]]
    near = [value for question in questions if tied or question in mine for value in question.candidates()]
    values = {(type(value), value): value for value in [*anything, *near]}.values()
    alone = [told for told in about if told[0].variables == (name,)]
    return [
        value
        for value in values
        if (not tied or is_size(value)) and all(question.answer({name: value}) is answer for question, answer in alone)
    ]


def _stands_for_many(value: object) -> bool:
    return isinstance(value, Opaque) or value == OTHER_TEXT or value in OTHER_NUMBERS
