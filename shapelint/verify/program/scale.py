"""Smaller stand-ins for the large literals of a slice, such that what fitted together still does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from math import gcd

from shapelint.shapes.dim import Dim

LARGE = 32  #: literals from here on may be replaced
_PRIMES = (
    37,
    41,
    43,
    47,
    53,
    59,
    61,
    67,
    71,
    73,
    79,
    83,
    89,
    97,
    101,
    103,
    107,
    109,
    113,
    127,
    131,
    137,
    139,
)
_MAX_DIVISOR = 4_096
_MAX_RATIO = 8
_CLOSE = 2


def scaled(dim: Dim, scale: Mapping[int, int]) -> Dim:
    """The size with its literals replaced."""
    if not scale:
        return dim
    return Dim(tuple((m, (1 if c > 0 else -1) * scale.get(abs(c), abs(c))) for m, c in dim.terms))


def scales(literals: Set[int], taken: Set[int]) -> Iterator[dict[int, int]]:
    """Replacements for the large literals, gentle ones first; none gives a value that is `taken`.

    First all are divided by a common divisor, which keeps every relation between them. Then they are
    exchanged for small numbers that keep the ratios; literals that are sums or neighbours of others are not.
    """
    large = sorted(value for value in literals if value >= LARGE)
    small = {value for value in literals if value < LARGE} | taken
    common = gcd(*large)
    for factor in range(2, min(common, _MAX_DIVISOR) + 1):
        if common % factor == 0:
            yield from _free({value: value // factor for value in large}, small)
    exchanged = _exchanged(large, small)
    if exchanged is not None:
        yield from _free(exchanged, small)


def _free(scale: dict[int, int], small: Set[int]) -> Iterator[dict[int, int]]:
    if small.isdisjoint(scale.values()) and len(set(scale.values())) == len(scale):
        yield scale


def _exchanged(large: list[int], small: Set[int]) -> dict[int, int] | None:
    fresh = (prime for prime in _PRIMES if prime not in small)
    scale: dict[int, int] = {}
    for value in large:
        if _is_entangled(value, scale):
            return None
        base = next((other for other in scale if value % other == 0 and value // other <= _MAX_RATIO), None)
        stand_in = next(fresh, None) if base is None else scale[base] * (value // base)
        if stand_in is None:
            return None
        scale[value] = stand_in
    return scale


def _is_entangled(value: int, smaller: Mapping[int, int]) -> bool:
    """Whether a literal is next to another, or the sum of two others: 99 and 100, 300 + 512 = 812."""
    rests = {other: value - other for other in smaller}
    return any(rest <= _CLOSE or (rest in smaller and rest != other) for other, rest in rests.items())
