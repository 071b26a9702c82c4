"""Products of sizes, and what equations between sizes say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from math import gcd

from shapelint.shapes.dim import Dim
from shapelint.shapes.monomials import Monomial, Symbol


def product_of(dims: Iterable[Dim]) -> Dim:
    """The product of sizes; 1 for none."""
    return reduce(Dim.__mul__, dims, Dim.of(1))


def cancel(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """Divide both by the integer and the symbols that all their terms share: 2*B*H, 2*H*T become B, T."""
    terms = (*left.terms, *right.terms)
    if not left.terms or not right.terms:
        return left, right
    common = reduce(_shared, (monomial for monomial, _ in terms))
    symbols = tuple((atom, power) for atom, power in common if isinstance(atom, Symbol))
    factor = Dim(((symbols, gcd(*(coefficient for _, coefficient in terms))),))
    return left.divide(factor) or left, right.divide(factor) or right


def _shared(left: Monomial, right: Monomial) -> Monomial:
    powers = dict(right)
    return tuple((atom, min(power, powers[atom])) for atom, power in left if atom in powers)


def solutions(difference: Dim) -> Iterator[tuple[str, Dim]]:
    """The symbols that `difference == 0` fixes: `2*hidden + extra - 2*hidden - 3` makes extra 3."""
    for monomial, coefficient in difference.terms:
        symbol = Dim(((monomial, 1),)).as_symbol
        value = -(difference - Dim(((monomial, coefficient),))) * Dim.of(coefficient)
        if symbol and abs(coefficient) == 1 and symbol not in value.symbols and value.is_positive():
            yield symbol, value
