"""Dummy sizes for the symbols of a slice: small, distinct, and such that the code's own equalities hold.

Equal sizes hide mistakes (a batch taken for the time axis runs when both are 3 long), so every symbol gets
a value of its own, primes first. Sizes that are floor-divided get multiples of their divisors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import chain

from shapelint.data import dataclass
from shapelint.shapes.axis import SEQUENCE, Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.equations import cancel
from shapelint.shapes.monomials import Quotient
from shapelint.trace.node import LATER_ROUND
from shapelint.verify.program.scale import scaled

BATCH_SIZES = (3, 7, 4, 6)
TIME_SIZES = (5, 7, 4, 6)
LAYER_COUNTS = (2, 3)
DIVISORS = (2, 3, 4)
PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)
FEATURE_SIZES = (*PRIMES, 8, 10, 12, 14, 16, 9, 6, 4, 2, 1)
_SMALL = range(1, 41)  #: an equation may leave no choice but one of these
_LEAST = range(1, 257)  #: what a picture shrinks to nothing below, layer by layer
_LARGEST_ROOT = 512
_SEARCH_STEPS = 20_000


@dataclass(slots=True)
class SizeProblem:
    """What is known of the sizes in a slice: which must be positive, which equal, what each symbol means."""

    dims: set[Dim] = field(default_factory=set)  #: must be at least 1
    numbers: set[Dim] = field(default_factory=set)  #: need a value, of any sign
    equations: list[tuple[Dim, Dim]] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    layer_counts: set[str] = field(default_factory=set)
    seen: dict[str, int] = field(default_factory=dict)  #: the order in which the slice uses the symbols
    wished: Mapping[str, int] = field(default_factory=dict)  #: sizes to try first
    is_small: bool = False  #: the least sizes that the equations allow, rather than primes

    @property
    def symbols(self) -> list[str]:
        """All symbols that need a value: batch and time in equations, others in equations, the rest in order of use.

        What is chosen first is small: a sequence of a thousand steps forgets in numbers what it depends on. The names
        do not matter, so that equal slices under other names become equal programs.
        """
        tied = self.tied
        every = tied.union(*(dim.symbols for dim in self.dims | self.numbers), self.layer_counts)
        turns = {name: (self.seen.get(name, len(every)), name) for name in every}
        return sorted(every, key=lambda name: (name not in tied, self.roles.get(name) not in SEQUENCE, turns[name]))

    @property
    def tied(self) -> set[str]:
        """The symbols that stand in equations."""
        return {name for left, right in self.equations for name in left.symbols | right.symbols}

    @property
    def has_least(self) -> bool:
        """Whether some sizes are other than primes where the least ones are wanted."""
        return bool(self.tied or _quotients(self))

    def scaled(self, scale: Mapping[int, int]) -> SizeProblem:
        """The same problem with other numbers in the place of its literals."""
        return replace(
            self,
            dims={scaled(dim, scale) for dim in self.dims},
            numbers={scaled(dim, scale) for dim in self.numbers},
            equations=[(scaled(left, scale), scaled(right, scale)) for left, right in self.equations],
        )

    def add_number(self, dim: Dim) -> None:
        """Take an argument into account."""
        self.numbers.add(dim)
        self._see(dim)

    def add_axes(self, axes: Iterable[Axis]) -> None:
        """Take the axes of one tensor (sizes resolved) into account."""
        for axis in axes:
            self.dims.add(axis.dim)
            self._see(axis.dim)
            name = axis.dim.as_symbol
            if name is not None and axis.role is not Role.UNKNOWN:
                self.roles.setdefault(name, axis.role)

    def _see(self, dim: Dim) -> None:
        for name in sorted(dim.symbols):
            self.seen.setdefault(name, len(self.seen))


def choose_sizes(problem: SizeProblem, constants: Iterable[int]) -> dict[str, int] | None:
    """Give each symbol a size, distinct from each other and from the `constants`; None if none is found.

    Exact floor divisions and distinct sizes are wishes, given up in this order; the equations are not.
    """
    taken = {value for value in constants if value > 2}
    quotients = _quotients(problem)
    tied, wished = problem.tied, problem.wished
    divided = {name for quotient in quotients for name in quotient.numerator.symbols}
    least = {name for name in tied | divided if problem.is_small and problem.roles.get(name) not in SEQUENCE}
    candidates = {
        name: [
            *([wished[name]] if name in wished else ()),
            *(_LEAST if name in least else ()),
            *_candidates(problem, quotients, name),
            *(_SMALL if name in tied else ()),
        ]
        for name in problem.symbols
    }
    for exact, distinct in ((True, True), (False, True), (True, False), (False, False)):
        search = _Search(problem, quotients if exact else set(), candidates, taken if distinct else None)
        found = search.run()
        if found is not None:
            return found
    return None


def satisfied(problem: SizeProblem, sizes: Mapping[str, int]) -> bool:
    """Whether all sizes are positive and all equations hold."""
    try:
        return all(dim.evaluate(sizes) > 0 for dim in problem.dims) and all(
            left.evaluate(sizes) == right.evaluate(sizes) for left, right in problem.equations
        )
    except ZeroDivisionError:
        return False


class _Search:
    """Depth first over the symbols; a constraint is tested as soon as its last symbol has a value."""

    def __init__(
        self,
        problem: SizeProblem,
        exact: set[Quotient],
        candidates: Mapping[str, Sequence[int]],
        taken: set[int] | None,
    ) -> None:
        self.names = problem.symbols
        self.candidates = candidates
        self.taken = taken
        self.steps = 0
        self.sizes: dict[str, int] = {}
        self.checks: dict[int, list[tuple[str, Dim, Dim]]] = {}
        for dim in problem.dims:
            self._add("positive", dim, dim)
        for left, right in problem.equations:
            self._add("equal", *cancel(left, right))
        for quotient in exact:
            self._add("exact", quotient.numerator, quotient.denominator)

    def _add(self, kind: str, left: Dim, right: Dim) -> None:
        last = max((self.names.index(name) for name in left.symbols | right.symbols), default=-1)
        self.checks.setdefault(last, []).append((kind, left, right))

    def run(self) -> dict[str, int] | None:
        return dict(self.sizes) if self._holds(-1) and self._extend(0) else None

    def _extend(self, index: int) -> bool:
        if index == len(self.names):
            return True
        name = self.names[index]
        for value in chain(self.candidates[name], self._roots(index)):
            self.steps += 1
            if self.steps > _SEARCH_STEPS:
                return False
            if self.taken is not None and (value in self.taken or value in self.sizes.values()):
                continue
            self.sizes[name] = value
            if self._holds(index) and self._extend(index + 1):
                return True
            del self.sizes[name]
        return False

    def _roots(self, index: int) -> Iterator[int]:
        """Sizes beyond the usual ones that may solve an equation of which this is the last unknown symbol."""
        name = self.names[index]
        for kind, left, right in self.checks.get(index, ()):
            if kind == "equal":
                at = [_difference(left, right, {**self.sizes, name: size}) for size in (1, 2, 3)]
                is_line = at[2] - at[1] == at[1] - at[0] != 0
                yield from _line_root(at) if is_line else range(1, _LARGEST_ROOT)

    def _holds(self, index: int) -> bool:
        return all(_check(kind, left, right, self.sizes) for kind, left, right in self.checks.get(index, ()))


def _difference(left: Dim, right: Dim, sizes: Mapping[str, int]) -> int:
    try:
        return left.evaluate(sizes) - right.evaluate(sizes)
    except ZeroDivisionError:
        return 0


def _line_root(at: Sequence[int]) -> Iterator[int]:
    """Where the line through its values at 1 and 2 is 0, if that is a whole positive number."""
    slope = at[1] - at[0]
    if at[0] % slope == 0 and at[0] // slope < 1:
        yield 1 - at[0] // slope


def _check(kind: str, left: Dim, right: Dim, sizes: Mapping[str, int]) -> bool:
    try:
        if kind == "positive":
            return left.evaluate(sizes) > 0
        if kind == "equal":
            return left.evaluate(sizes) == right.evaluate(sizes)
        return left.evaluate(sizes) % right.evaluate(sizes) == 0
    except ZeroDivisionError:
        return False


def _candidates(problem: SizeProblem, quotients: set[Quotient], name: str) -> list[int]:
    if name.startswith(LATER_ROUND):  # a round that short sequences have too
        return [1, 2, 3]
    if name in problem.layer_counts:
        return [*LAYER_COUNTS, 4, 5, 1]
    if any(quotient.denominator.as_symbol == name for quotient in quotients):
        return [*DIVISORS, *FEATURE_SIZES]
    factor = _divisor_of(quotients, name)
    if factor > 1:
        return [factor * value for value in FEATURE_SIZES] + list(FEATURE_SIZES)
    if problem.roles.get(name) is Role.BATCH:
        return [*BATCH_SIZES, *FEATURE_SIZES]
    if problem.roles.get(name) is Role.TIME:
        return [*TIME_SIZES, *FEATURE_SIZES]
    return list(FEATURE_SIZES)


def _divisor_of(quotients: set[Quotient], name: str) -> int:
    """Tell what a size should be a multiple of, given the floor divisions that it stands in."""
    factor = 1
    for quotient in quotients:
        if name in quotient.numerator.symbols:
            constant = quotient.denominator.constant
            factor *= 12 if constant is None else max(abs(constant), 1)
    return min(factor, 64)


def _quotients(problem: SizeProblem) -> set[Quotient]:
    found: set[Quotient] = set()
    sides = [side for equation in problem.equations for side in equation]
    for dim in (*problem.dims, *problem.numbers, *sides):
        found.update(_quotients_in(dim))
    return found


def _quotients_in(dim: Dim) -> Iterator[Quotient]:
    for monomial, _ in dim.terms:
        for atom, _power in monomial:
            if isinstance(atom, Quotient):
                yield atom
                yield from _quotients_in(atom.numerator)
                yield from _quotients_in(atom.denominator)
