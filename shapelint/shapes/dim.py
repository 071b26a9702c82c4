"""Symbolic integers: polynomials over named symbols, with floor division and minimum as opaque terms.

A `Dim` is kept in normal form, so equal polynomials are equal objects. Symbols stand for sizes and are at
least 1, which makes `2*H != H` decidable; floor quotients and minima are of sizes, so at least 0.

Arithmetic raises OverflowError beyond MAX_TERMS, MAX_BITS and MAX_DEGREE: no tensor has such a size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from enum import Enum
from functools import lru_cache, reduce
from itertools import product
from math import comb, gcd

from shapelint.data import dataclass
from shapelint.shapes.monomials import (
    Atom,
    Minimum,
    Monomial,
    Quotient,
    Symbol,
    Term,
    in_reading_order,
    is_huge,
    name_of,
    operands,
    order,
    over,
    shown,
    times,
)

_keep = object.__setattr__  #: what was computed of a size, in the size
MAX_TERMS = 256  #: monomials of one size


class Same(Enum):
    """The three answers to "are these sizes equal?"."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Dim:
    """A polynomial: monomials with non-zero integer coefficients, sorted."""

    terms: tuple[Term, ...]
    hash: int = field(init=False, repr=False, compare=False)
    weight: int = field(init=False, repr=False, compare=False)  #: how many atoms it holds, nested ones included
    names: frozenset[str] | None = field(init=False, repr=False, compare=False)  #: `symbols`, once that was asked for

    def __post_init__(self) -> None:
        # sizes are compared and looked up far more often than they are made
        _keep(self, "hash", hash(self.terms))
        weight = sum(atom.weight for monomial, _ in self.terms for atom, _power in monomial)
        _keep(self, "weight", weight + len(self.terms))
        _keep(self, "names", None)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and self.hash == other.hash and self.terms == other.terms

    @staticmethod
    def of(value: int) -> Dim:
        """The constant `value`."""
        return _number(value)

    @staticmethod
    def symbol(name: str) -> Dim:
        """A size known by name only."""
        return _named(name)

    @property
    def constant(self) -> int | None:
        """The value, if it holds no symbol."""
        if not self.terms:
            return 0
        monomial, coefficient = self.terms[0]
        return coefficient if len(self.terms) == 1 and not monomial else None

    @property
    def as_symbol(self) -> str | None:
        """The name, if this is one bare symbol."""
        return name_of(self.terms[0][0]) if len(self.terms) == 1 and self.terms[0][1] == 1 else None

    @property
    def symbols(self) -> frozenset[str]:
        """The names of all symbols in it, also inside quotients and minima."""
        if self.names is not None:
            return self.names
        found: set[str] = set()
        for atom, _power in (factor for monomial, _ in self.terms for factor in monomial):
            if isinstance(atom, Symbol):
                found.add(atom.name)
            else:
                left, right = operands(atom)
                found |= left.symbols | right.symbols
        names = frozenset(found)
        _keep(self, "names", names)
        return names

    def __add__(self, other: Dim) -> Dim:
        return _sum(self, other)

    def __neg__(self) -> Dim:
        return Dim(tuple((monomial, -coefficient) for monomial, coefficient in self.terms))

    def __sub__(self, other: Dim) -> Dim:
        return _difference(self, other)

    def __mul__(self, other: Dim) -> Dim:
        return _product(self, other)

    def __floordiv__(self, other: Dim) -> Dim:
        """Floor division; raises ZeroDivisionError for a constant zero."""
        if not other.terms:
            raise ZeroDivisionError("division by zero")
        exact = self.divide(other)
        if exact is not None:
            return exact
        left, right = self.constant, other.constant
        if left is not None and right is not None:
            return Dim.of(left // right)
        return Dim(((((Quotient(self, other), 1),), 1),))

    def divide(self, other: Dim) -> Dim | None:
        """The exact quotient, or None where `other` does not divide this polynomial."""
        if not other.terms:
            return None
        rest, quotient = self, Dim(())
        lead, lead_coefficient = other.terms[-1]
        while rest.terms:
            monomial, coefficient = rest.terms[-1]
            factor = over(monomial, lead)
            if factor is None or coefficient % lead_coefficient:
                return None
            step = Dim(((factor, coefficient // lead_coefficient),))
            quotient, rest = quotient + step, rest - step * other
        return quotient

    def same(self, other: Dim) -> Same:
        """Whether the two sizes are equal for all, for no, or for some values of the symbols."""
        return _compared(self, other)

    def is_positive(self) -> bool:
        """Whether it is certainly at least 1."""
        return (self - Dim.of(1)).is_natural()

    def is_natural(self) -> bool:
        """Whether it is certainly at least 0: each symbol is written as 1 + t with t >= 0."""
        return _natural(self)

    def minimum(self, other: Dim) -> Dim:
        """The smaller of two sizes."""
        if (other - self).is_natural():
            return self
        if (self - other).is_natural():
            return other
        left, right = sorted((self, other), key=str)
        return Dim(((((Minimum(left, right), 1),), 1),))

    def substitute(self, values: Mapping[str, Dim]) -> Dim:
        """Replace symbols by other sizes."""
        if not values or self.symbols.isdisjoint(values):
            return self
        return self._map_atoms(lambda atom: _substituted(atom, values))

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """The value for concrete sizes; raises KeyError for a symbol that `sizes` does not name."""
        total = 0
        for monomial, coefficient in self.terms:
            for atom, power in monomial:
                coefficient *= _evaluated(atom, sizes) ** power
            total += coefficient
        return total

    def render(self, names: Mapping[str, str]) -> str:
        """The text, with symbols shown under their display names."""
        return str(self.substitute({k: Dim.symbol(names[k]) for k in self.symbols if names.get(k, k) != k}))

    def simplified(self) -> Dim:
        """The same size, with whole parts in front of a quotient and not in it: (H - 2)//2 + 1 is H//2."""
        return self if all(len(m) == 0 for m, _ in self.terms) else self._map_atoms(_simplified)

    def _map_atoms(self, replace: Callable[[Atom], Dim]) -> Dim:
        total = Dim(())
        for monomial, coefficient in self.terms:
            term = Dim.of(coefficient)
            for atom, power in monomial:
                term = reduce(Dim.__mul__, [replace(atom)] * power, term)
            total = total + term
        return total

    def __str__(self) -> str:
        return _written(self)


# Each run of a file computes with the same sizes: what has been computed is kept.
_kept = lru_cache(maxsize=8_192)


@lru_cache(maxsize=1_024, typed=True)  # True is no 1, where it is written
def _number(value: int) -> Dim:
    return Dim((((), value),)) if value else Dim(())


@_kept
def _named(name: str) -> Dim:
    return Dim(((((Symbol(name), 1),), 1),))


@_kept
def _sum(left: Dim, right: Dim) -> Dim:
    return _collect([*left.terms, *right.terms])


@_kept
def _difference(left: Dim, right: Dim) -> Dim:
    return left + -right


@_kept
def _product(left: Dim, right: Dim) -> Dim:
    if len(left.terms) * len(right.terms) > MAX_TERMS:
        raise OverflowError("a size of too many terms")
    return _collect((times(one, other), a * b) for (one, a), (other, b) in product(left.terms, right.terms))


@_kept
def _compared(left: Dim, right: Dim) -> Same:
    difference = left - right
    if not difference.terms:
        return Same.EQUAL
    if difference.is_positive() or (-difference).is_positive() or _no_integer_root(difference):
        return Same.DIFFERENT
    return Same.UNKNOWN


@_kept
def _natural(dim: Dim) -> bool:
    if all(coefficient > 0 for _, coefficient in _shift_symbols(dim).terms):
        return True
    return any(bound.is_natural() for bound in _lower_bounds(dim))


# quotients are ordered by their text: without a memory, each level of nesting would write all inner ones again
@lru_cache(maxsize=65_536)
def _written(dim: Dim) -> str:
    if not dim.terms:
        return "0"
    terms = [shown(monomial, coefficient) for monomial, coefficient in in_reading_order(dim.terms)]
    return " + ".join(terms).replace("+ -", "- ")


def _collect(terms: Iterable[Term]) -> Dim:
    sums: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        sums[monomial] = sums.get(monomial, 0) + coefficient
    kept = [(m, c) for m, c in sums.items() if c]
    if len(kept) > MAX_TERMS or any(is_huge(term) for term in kept):
        raise OverflowError("a size that is too large")
    return Dim(tuple(sorted(kept, key=lambda term: order(term[0]))))


def _shift_symbols(dim: Dim) -> Dim:
    """Write every symbol s as 1 + s', so that every atom is at least 0."""
    terms: list[Term] = []
    for monomial, coefficient in dim.terms:
        choices: list[list[tuple[Atom, int, int]]] = [
            [(atom, k, comb(power, k)) for k in range(power + 1)] if isinstance(atom, Symbol) else [(atom, power, 1)]
            for atom, power in monomial
        ]
        for choice in product(*choices):
            scale = reduce(lambda total, part: total * part[2], choice, coefficient)
            terms.append((tuple((atom, k) for atom, k, _ in choice if k), scale))
    return _collect(terms)


def _lower_bounds(dim: Dim) -> Iterator[Dim]:
    """Put either operand for a minimum that is subtracted: the result is not larger."""
    for monomial, coefficient in dim.terms:
        for atom, power in monomial:
            if coefficient < 0 and isinstance(atom, Minimum):
                term = Dim(((monomial, coefficient),))
                factor = Dim(((((atom, power),), 1),))
                for operand in operands(atom):
                    others = term.divide(factor) or term
                    yield reduce(Dim.__mul__, [operand] * power, others) + (dim - term)
                return


def _no_integer_root(dim: Dim) -> bool:
    """2*H - 3 is never 0: the coefficients' common divisor does not divide the constant."""
    constant = sum(c for m, c in dim.terms if not m)
    divisor = gcd(*(c for m, c in dim.terms if m))
    return divisor > 1 and constant % divisor != 0


def _substituted(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        return values.get(atom.name) or Dim.symbol(atom.name)
    left, right = (part.substitute(values) for part in operands(atom))
    if isinstance(atom, Minimum):
        return left.minimum(right)
    return left // right if right.terms else Dim(((((atom, 1),), 1),))


def _simplified(atom: Atom) -> Dim:
    if not isinstance(atom, Quotient):
        return Dim(((((atom, 1),), 1),))
    left, right = (part.simplified() for part in operands(atom))
    step = right.constant
    if step is None or step < 1:
        return left // right
    whole = _collect((monomial, coefficient // step) for monomial, coefficient in left.terms)
    rest = left - whole * right
    match rest.terms:
        case ((((Quotient(numerator=inner, denominator=by), 1),), 1),) if (by.constant or 0) > 0:
            return whole + inner // (by * right)
    return whole + rest // right


def _evaluated(atom: Atom, sizes: Mapping[str, int]) -> int:
    if isinstance(atom, Symbol):
        return sizes[atom.name]
    left, right = (part.evaluate(sizes) for part in operands(atom))
    return min(left, right) if isinstance(atom, Minimum) else left // right
