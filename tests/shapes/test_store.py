"""What follows from a path's answers, held against all values of small domains."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapelint.choices.questions import (
    EITHER,
    Among,
    Compared,
    Has,
    IsFlag,
    IsInstance,
    Opaque,
    Question,
    Related,
    Same,
    Truth,
)
from shapelint.choices.store import Store
from shapelint.shapes.term import Change, Framed, Term

TEXTS = ("", "gru", "GRU", "Gru", "GRUCell", "lstm", "LSTM", "LSTMCell", "xGRUCell", "Cell", "other")
OBJECTS = (Opaque(), Opaque(truth=False), Opaque(classes=frozenset({"list"})), Opaque(True, frozenset({"tuple"})))
VALUES: tuple[object, ...] = (None, True, False, *range(-2, 9), 0.1, 0.3, 0.5, 0.75, 1.25, *TEXTS, *OBJECTS)
SIZES = range(1, 12)

functions = st.lists(
    st.one_of(
        st.sampled_from(["upper", "lower", "title", "strip"]).map(Change),
        st.builds(Framed, st.sampled_from(["", "x"]), st.sampled_from(["", "Cell"])),
    ),
    max_size=2,
).map(tuple)
terms = st.builds(Term, st.just("x"), functions)
options = st.lists(st.sampled_from([*TEXTS, None, True, 0, 1, 3]), min_size=1, max_size=3).map(tuple)
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
about_x = st.one_of(
    st.builds(Among, terms, options),
    st.builds(Has, terms, st.sampled_from(TEXTS)),
    st.builds(Same, terms, st.sampled_from([None, True, False])),
    st.builds(Truth, terms),
    st.builds(IsFlag, terms),
    st.builds(Compared, terms, signs, st.integers(-1, 5) | st.sampled_from([0.0, 0.25, 0.5, 1.5])),
    st.builds(IsInstance, terms, st.sets(st.sampled_from(["str", "int", "bool", "list", "tuple"]), min_size=1)
              .map(frozenset)),
)  # fmt: skip
about_sizes = st.one_of(
    st.builds(Related, st.sampled_from("abc"), st.none(), signs, st.integers(-1, 4)),
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), signs, st.integers(-2, 2))
    .filter(lambda given: given[0] != given[1])
    .map(lambda given: Related(*given)),
)


def fitting(questions: Mapping[Question, bool], names: str, domain: tuple[object, ...]) -> list[dict[str, object]]:
    every = (dict(zip(names, values, strict=True)) for values in product(domain, repeat=len(names)))
    return [values for values in every if all(q.answer(values) is answer for q, answer in questions.items())]


def take(store: Store, questions: list[Question], sides: list[bool]) -> None:
    """Answer the questions as a path does: the wanted side where it is possible."""
    for question, side in zip(questions, sides, strict=True):
        possible = store.possible(question)
        if possible:
            store.tell(question, side if side in possible else not side)


@settings(max_examples=300, deadline=None)
@given(st.lists(about_x, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4), about_x)
def test_no_value_is_overlooked(asked: list[Question], sides: list[bool], question: Question) -> None:
    store = Store()
    take(store, asked, sides[: len(asked)])
    seen = {question.answer(values) for values in fitting(store.told, "x", VALUES)} - {None, EITHER}
    assert seen <= store.possible(question)


@example([Related("a", None, "==", 2), Related("b", "a", "==", 2)], [True] * 4, Related("c", "b", "==", 2))
@example([Related("a", "b", "!=", 2), Related("a", "c", "==", 2)], [True] * 4, Related("a", "c", "==", 1))
@settings(max_examples=150, deadline=None)
@given(st.lists(about_sizes, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4), about_sizes)
def test_sizes_are_decided_exactly(asked: list[Question], sides: list[bool], question: Question) -> None:
    store = Store()
    take(store, asked, sides[: len(asked)])
    seen = {question.answer(values) for values in fitting(store.told, "abc", tuple(SIZES))}
    assert seen == store.possible(question)


@settings(max_examples=300, deadline=None)
@given(st.lists(about_x, min_size=1, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_path_that_was_possible_stays_so(asked: list[Question], sides: list[bool]) -> None:
    store = Store()
    for question, side in zip(asked, sides[: len(asked)], strict=True):
        possible = store.possible(question)
        if not possible:
            return
        store.tell(question, side if side in possible else not side)
        assert store.possible(Truth(Term("x")))


KIND = Term("kind")
CELL = Term("kind", (Change("upper"), Framed("", "Cell")))


@pytest.mark.parametrize(
    ("told", "question", "expected"),
    [
        ([(Among(KIND, ("LSTM", "GRU")), True), (Among(KIND, ("LSTM",)), False)], Among(KIND, ("GRU",)), {True}),
        ([(Among(CELL, ("GRUCell",)), True)], Among(Term("kind", (Change("upper"),)), ("GRU",)), {True}),
        ([(Among(CELL, ("GRUCell",)), True)], Among(KIND, ("gru",)), {True, False}),
        ([(Among(KIND, (True,)), False), (IsFlag(KIND), True)], Truth(KIND), {False}),
        ([(Same(KIND, None), False)], Truth(KIND), {True, False}),
        ([(Truth(KIND), True)], Same(KIND, None), {False}),
        ([(IsInstance(KIND, frozenset({"str"})), True)], Compared(KIND, ">", 1), set()),
        ([(Related("n", None, ">", 1), False)], Related("n", None, "==", 1), {True}),
        ([(Related("n", "m", "==", 0), True), (Related("m", None, ">", 3), True)], Related("n", None, "<", 3), {False}),
        ([], Related("n", "m", "==", 0), {True, False}),
        ([(Has(KIND, "lstm"), True)], Among(KIND, ("linear",)), {False}),
        ([(Has(KIND, "lstm"), True)], Among(KIND, ("bilstm",)), {True, False}),
        ([(Has(KIND, "lstm"), True), (Has(KIND, "bi"), True)], Among(KIND, ("lstm",)), {False}),
        ([(Has(KIND, "lstm"), True), (IsInstance(KIND, frozenset({"list"})), True)], Has(KIND, "gru"), {True, False}),
        ([(Has(KIND, "lstm"), False), (Among(KIND, ("bilstm", "gru")), True)], Among(KIND, ("gru",)), {True}),
        ([(Has(KIND, "lstm"), False)], Same(KIND, None), {False}),
        ([(Has(CELL, "GRUC"), True)], Among(KIND, ("lstm",)), {False}),
    ],
)
def test_what_follows(told: list[tuple[Question, bool]], question: Question, expected: set[bool]) -> None:
    store = Store()
    for one, answer in told:
        store.tell(one, answer)
    assert store.possible(question) == expected


def test_the_only_value() -> None:
    store = Store()
    assert store.only_value("kind") == ()
    store.tell(Among(KIND, ("LSTM", "GRU")), True)
    assert store.only_value("kind") == ()
    store.tell(Among(KIND, ("LSTM",)), False)
    assert store.only_value("kind") == ("GRU",)
    store.tell(Among(Term("other"), ("GRU",)), False)
    assert store.only_value("other") == ()


def test_too_many_variables_decide_nothing() -> None:
    store = Store()
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        store.tell(Related(one, other, "<", 0), True)
    assert store.possible(Related("a", "i", "<", 0)) == {True, False}
