"""The terms of a size: products of named sizes, of quotients and minima of sizes, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

from shapelint.data import dataclass

if TYPE_CHECKING:
    from shapelint.shapes.dim import Dim

MAX_BITS = 2048  #: bits of a coefficient
MAX_DEGREE = 32  #: factors of a monomial


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """A named size, at least 1."""

    name: str
    weight: ClassVar[int] = 1

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Quotient:
    """`numerator // denominator`, where it does not divide evenly for all values."""

    numerator: Dim
    denominator: Dim
    text: str = field(init=False, repr=False, compare=False)

    @property
    def weight(self) -> int:
        """How many atoms it holds."""
        return self.numerator.weight + self.denominator.weight

    def __post_init__(self) -> None:
        # atoms are ordered by their text again and again, and may be nested deeply
        object.__setattr__(self, "text", f"{_wrap(self.numerator)}//{_wrap(self.denominator)}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Minimum:
    """`min(left, right)`, where the values of the symbols decide which is smaller."""

    left: Dim
    right: Dim
    text: str = field(init=False, repr=False, compare=False)

    @property
    def weight(self) -> int:
        """How many atoms it holds."""
        return self.left.weight + self.right.weight

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"min({self.left}, {self.right})")

    def __str__(self) -> str:
        return self.text


Atom = Symbol | Quotient | Minimum
Monomial = tuple[tuple[Atom, int], ...]  #: atoms with their powers, sorted by text
Term = tuple[Monomial, int]


def operands(atom: Quotient | Minimum) -> tuple[Dim, Dim]:
    """The two sizes that an atom is made of."""
    if isinstance(atom, Minimum):
        return atom.left, atom.right
    return atom.numerator, atom.denominator


def name_of(monomial: Monomial) -> str | None:
    """The name, if it is one bare symbol."""
    if len(monomial) == 1:
        atom, power = monomial[0]
        if power == 1 and isinstance(atom, Symbol):
            return atom.name
    return None


def order(monomial: Monomial) -> tuple[int, tuple[str, ...]]:
    """A graded order that multiplication keeps, which exact division needs to end."""
    word = tuple(str(atom) for atom, power in monomial for _ in range(power))
    return len(word), word


def is_huge(term: Term) -> bool:
    """Whether no size of a tensor has such a term."""
    monomial, coefficient = term
    return coefficient.bit_length() > MAX_BITS or sum(power for _, power in monomial) > MAX_DEGREE


def times(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    powers: dict[Atom, int] = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda item: str(item[0])))


def over(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """What a monomial is of another one; None where it is no multiple."""
    powers = dict(monomial)
    for atom, power in divisor:
        powers[atom] = powers.get(atom, 0) - power
    if any(power < 0 for power in powers.values()):
        return None
    return tuple((atom, power) for atom, power in powers.items() if power)


def in_reading_order(terms: Iterable[Term]) -> list[Term]:
    """Highest degree first; a positive term in front if there is one."""
    ordered = sorted(terms, key=lambda term: (-order(term[0])[0], order(term[0])[1]))
    front = next((term for term in ordered if term[1] > 0), ordered[0])
    return [front, *(term for term in ordered if term is not front)]


def _wrap(dim: Dim) -> str:
    """An operand of `//`: brackets around all but a name and a natural number."""
    return str(dim) if dim.as_symbol or (dim.constant or -1) >= 0 else f"({dim})"


def shown(monomial: Monomial, coefficient: int) -> str:
    """A term as it is written."""
    single = coefficient == 1 and len(monomial) == 1
    factors = [_show_factor(atom, power, single) for atom, power in monomial]
    if not factors:
        return str(coefficient)
    if coefficient == -1:
        return "-" + "*".join(factors)
    return "*".join(factors if coefficient == 1 else [str(coefficient), *factors])


def _show_factor(atom: Atom, power: int, single: bool) -> str:
    alone = single and power == 1
    base = f"({atom})" if isinstance(atom, Quotient) and not alone else str(atom)
    return base if power == 1 else f"{base}**{power}"
