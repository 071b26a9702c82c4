"""Symbolic sizes against sympy: the algebra, exact division, and the three answers of a comparison."""

from __future__ import annotations

from itertools import product

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.equations import cancel, product_of

NAMES = ("B", "H", "T")
SYMBOLS = {name: sympy.Symbol(name, positive=True, integer=True) for name in NAMES}
QUICK = settings(max_examples=60, deadline=None, database=None)

B, H, T = map(Dim.symbol, NAMES)
ONE = Dim.of(1)


def _monomials() -> st.SearchStrategy[Dim]:
    factors = st.lists(st.sampled_from((B, H, T)), max_size=2)
    return st.builds(lambda scale, dims: Dim.of(scale) * product_of(dims), st.integers(-4, 4), factors)


polynomials = st.lists(_monomials(), max_size=3).map(lambda terms: sum(terms, Dim.of(0)))
sizes = st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(1, 9)))


def as_sympy(dim: Dim) -> sympy.Expr:
    total = sympy.Integer(0)
    for monomial, coefficient in dim.terms:
        factors = (SYMBOLS[str(atom)] ** power for atom, power in monomial)
        total += coefficient * sympy.prod(list(factors))
    return sympy.expand(total)


@QUICK
@given(polynomials, polynomials)
def test_algebra(left: Dim, right: Dim) -> None:
    assert as_sympy(left + right) == sympy.expand(as_sympy(left) + as_sympy(right))
    assert as_sympy(left - right) == sympy.expand(as_sympy(left) - as_sympy(right))
    assert as_sympy(left * right) == sympy.expand(as_sympy(left) * as_sympy(right))
    assert (left == right) == (as_sympy(left) == as_sympy(right))


@QUICK
@given(polynomials, polynomials)
def test_divides_what_was_multiplied(left: Dim, right: Dim) -> None:
    if right.terms:
        assert (left * right).divide(right) == left
        assert (left * right) // right == left


@QUICK
@given(polynomials, polynomials)
def test_exact_division_is_as_exact_as_sympys(left: Dim, right: Dim) -> None:
    if not right.terms:
        return
    quotient, rest = sympy.div(as_sympy(left), as_sympy(right), *SYMBOLS.values(), domain="QQ")
    whole = all(c.is_integer for c in sympy.Poly(quotient, *SYMBOLS.values()).coeffs())
    found = left.divide(right)
    assert (found is not None) == (rest == 0 and whole)
    assert found is None or as_sympy(found) == sympy.expand(quotient)


@QUICK
@given(polynomials, polynomials)
def test_comparisons_hold_for_all_sizes(left: Dim, right: Dim) -> None:
    answer = left.same(right)
    for values in product(range(1, 5), repeat=3):
        at = dict(zip(NAMES, values, strict=True))
        equal = left.evaluate(at) == right.evaluate(at)
        assert answer is not (Same.DIFFERENT if equal else Same.EQUAL)


@QUICK
@given(polynomials)
def test_signs_hold_for_all_sizes(dim: Dim) -> None:
    values = [dim.evaluate(dict(zip(NAMES, v, strict=True))) for v in product(range(1, 5), repeat=3)]
    assert not dim.is_positive() or min(values) >= 1
    assert not dim.is_natural() or min(values) >= 0


@QUICK
@given(polynomials, polynomials, sizes)
def test_opaque_terms_evaluate(left: Dim, right: Dim, at: dict[str, int]) -> None:
    smaller = left.minimum(right)
    assert smaller.evaluate(at) == min(left.evaluate(at), right.evaluate(at))
    assert smaller == right.minimum(left)
    if right.terms and right.evaluate(at) != 0:
        assert (left // right).evaluate(at) == left.evaluate(at) // right.evaluate(at)


@QUICK
@given(polynomials, polynomials, sizes)
def test_substitution_commutes_with_evaluation(dim: Dim, other: Dim, at: dict[str, int]) -> None:
    value = other.evaluate(at)
    if value >= 1:
        mixed = dim.minimum(T) * H + dim // T
        assert mixed.substitute({"B": other}).evaluate(at) == mixed.evaluate({**at, "B": value})


@QUICK
@given(polynomials, polynomials, sizes)
def test_cancel_keeps_the_equation(left: Dim, right: Dim, at: dict[str, int]) -> None:
    first, second = cancel(left * H, right * H)
    assert left.evaluate(at) * second.evaluate(at) == right.evaluate(at) * first.evaluate(at)
    assert (left == right) == (first == second)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (Dim.of(0), "0"),
        (Dim.of(-3), "-3"),
        (Dim.of(2) * H, "2*H"),
        (T - ONE, "T - 1"),
        (B * T, "B*T"),
        (H * H, "H**2"),
        (H // Dim.of(2), "H//2"),
        (H // Dim.of(2) + ONE, "H//2 + 1"),
        (Dim.of(2) * (H // Dim.of(2)), "2*(H//2)"),
        ((T - Dim.of(3)) // Dim.of(2), "(T - 3)//2"),
        (H // (Dim.of(2) * B), "H//(2*B)"),
        ((H * T) // B, "(H*T)//B"),
        (T.minimum(Dim.of(5)), "min(5, T)"),
        (-T, "-T"),
        (ONE - T, "1 - T"),
        (B + H + T, "B + H + T"),
        (-(H // Dim.of(2)), "-(H//2)"),
    ],
)
def test_text(dim: Dim, text: str) -> None:
    assert str(dim) == text


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (H, H, Same.EQUAL),
        (Dim.of(2) * H, H, Same.DIFFERENT),
        (H + ONE, H, Same.DIFFERENT),
        (Dim.of(2) * H, Dim.of(7), Same.DIFFERENT),
        (H, B, Same.UNKNOWN),
        (H, Dim.of(3), Same.UNKNOWN),
        (H * T, Dim.of(0), Same.DIFFERENT),
        (H // Dim.of(2), H, Same.UNKNOWN),
    ],
)
def test_three_answers(left: Dim, right: Dim, answer: Same) -> None:
    assert left.same(right) is answer


def test_names_and_symbols() -> None:
    mixed = H // Dim.of(2) + T.minimum(B)
    assert mixed.symbols == frozenset(NAMES)
    assert H.as_symbol == "H"
    assert (Dim.of(2) * H).as_symbol is None
    assert (H // Dim.of(2)).as_symbol is None
    assert mixed.render({"H": "hidden", "B": "B"}) == "hidden//2 + min(B, T)"


def test_division_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        H // Dim.of(0)
    assert H.divide(Dim.of(0)) is None
    assert (H // (T - B)).substitute({"T": B}).symbols == {"H", "T", "B"}
