"""Shapes for people: `(B, T, 2*H)`.

A symbol is shown under the name that the trace gives it; else a batch or time axis is `B` or `T`, and any
other size goes by the last part of its name in the source (`self.config.hidden` is `hidden`). Different
symbols never share a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from shapelint.regex import regex
from shapelint.shapes.axis import SEQUENCE, Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, Int, List, Packed, Tensor, Tuple, Value
from shapelint.source import Span

_LETTERS: Mapping[Role, str] = {Role.BATCH: "B", Role.TIME: "T"}
_PLACES = regex(r"@\d+:\d+")  #: where an expression stands, which keeps the keys of symbols apart
_LAST_NAME = regex(r"[A-Za-z_]\w*(\.size\(-?\d+\))?$")


class Result(Protocol):
    """A node of the trace, as far as names go."""

    @property
    def result(self) -> Value:
        """The value that the node made."""


class Named(Protocol):
    """The trace, as far as names go."""

    @property
    def names(self) -> Mapping[str, str]:
        """Display names of symbols."""

    @property
    def said(self) -> Mapping[str, Role]:
        """What the author, or a data loader, says that the axes of a symbol's size are."""

    @property
    def nodes(self) -> Sequence[Result]:
        """The operations."""

    def resolve(self, dim: Dim) -> Dim:
        """A size with the assumed equalities put in."""


class Naming:
    """The display names of all symbols of one trace."""

    def __init__(self, trace: Named) -> None:
        self._resolve = trace.resolve
        self._names = dict(trace.names)
        self._taken = set(self._names.values())
        self._next: dict[str, int] = {}  #: the number that tells the next symbol of a name from those before
        self._meant = _meant(trace)
        self._roles = {**_roles_of_symbols(trace), **self._meant}
        # a letter goes to the axis that has the role outright, before names that are cut short
        for letters_first in (True, False):
            for axis in axes_in(trace):
                self._name(axis, letters_first)

    def copy(self) -> Naming:
        """The same names, to which others may be added."""
        other = copy(self)
        other._names, other._taken, other._next = dict(self._names), set(self._taken), dict(self._next)
        return other

    def dim(self, dim: Dim) -> str:
        """A size as text."""
        resolved = self._resolve(dim)
        for symbol in sorted(resolved.symbols - self._names.keys()):
            self._call(symbol, self._wanted(symbol))
        return resolved.render(self._names)

    def symbol(self, symbol: str) -> str:
        """The name of a symbol of a resolved size."""
        return self.dim(Dim.symbol(symbol))

    def shape(self, axes: Iterable[Axis]) -> str:
        """A shape as text, a tuple of one with its comma."""
        sizes = [self.dim(axis.dim) for axis in axes]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def roles(self, axes: Iterable[Axis]) -> tuple[str, ...]:
        """What each axis means, nothing at all when none is known.

        An axis that no operation has named yet is what is known of it where it comes from, else what the layer takes
        it for that reads it later.
        """
        roles = tuple(self._role(axis).value for axis in axes)
        return roles if any(role != Role.UNKNOWN.value for role in roles) else ()

    def _role(self, axis: Axis) -> Role:
        symbol = self._resolve(axis.dim).as_symbol
        return axis.role if axis.role is not Role.UNKNOWN else self._roles.get(symbol or "", Role.UNKNOWN)

    def sizes(self, axes: Iterable[Axis]) -> tuple[int | str, ...]:
        """A shape as numbers, and texts where there are symbols."""
        resolved = [self._resolve(axis.dim) for axis in axes]
        return tuple(self.dim(dim) if dim.constant is None else dim.constant for dim in resolved)

    def _name(self, axis: Axis, letters_only: bool) -> None:
        symbol = self._resolve(axis.dim).as_symbol
        if symbol is None or symbol in self._names:
            return
        letter = _LETTERS.get(self._meant.get(symbol, axis.role))
        if letter is not None or not letters_only:
            self._call(symbol, letter or self._wanted(symbol))

    def _wanted(self, symbol: str) -> str:
        """The name of a symbol that nothing else names."""
        return short_name(symbol)

    def _call(self, symbol: str, wanted: str) -> None:
        """Name a symbol as is wanted, with a number where that name is taken."""
        name = wanted
        while name in self._taken:
            number = self._next.get(wanted, 2)
            self._next[wanted] = number + 1
            name = f"{wanted}{number}"
        self._names[symbol] = name
        self._taken.add(name)


def short_name(symbol: str) -> str:
    """The last part of a symbol's name in the source, without its place: `self.cfg.hidden` is `hidden`."""
    text = _PLACES.sub("", symbol)
    last = _LAST_NAME.search(text)
    return last[0] if last and (last.start() == 0 or text[last.start() - 1] == ".") else text


def render_value(value: Value, trace: Named, naming: Naming | None = None) -> tuple[str, tuple[str, ...]]:
    """The shape of a tensor, packed sequence, number or tuple of these as text, and each axis' role."""
    naming = naming or Naming(trace)
    if isinstance(value, Int):
        return naming.dim(value.dim), ()
    if isinstance(value, Tuple | List):
        return f"({', '.join(render_value(item, trace, naming)[0] for item in value.items)})", ()
    axes = axes_of(value)
    return (naming.shape(axes), naming.roles(axes)) if isinstance(value, Tensor | Packed) else ("?", ())


def axes_of(value: Value) -> tuple[Axis, ...]:
    """The axes of a tensor; of a packed sequence batch, time and what is left."""
    if isinstance(value, Tensor):
        return value.axes
    if isinstance(value, Packed):
        return (value.batch, value.time, *value.features)
    return ()


def _roles_of_symbols(trace: Named) -> Mapping[str, Role]:
    """The sizes that are one and the same role wherever an operation names it: batch or time."""
    found: dict[str, set[Role]] = {}
    for axis in axes_in(trace):
        symbol = trace.resolve(axis.dim).as_symbol
        if symbol is not None and axis.role in _LETTERS:
            found.setdefault(symbol, set()).add(axis.role)
    return {symbol: next(iter(roles)) for symbol, roles in found.items() if len(roles) == 1}


def _meant(trace: Named) -> Mapping[str, Role]:
    """What is known of sizes without asking the layers that read them.

    A convolution's axis 0 holds samples. Where a layer takes the batch for the time, the axis that it takes for the
    batch is the time.
    """
    meant = dict(trace.said)
    for symbol in _samples_of_convolutions(trace):
        meant.setdefault(symbol, Role.BATCH)
    known = dict(meant)
    for this, other in _read_together(trace) if known else ():
        if known.get(this.dim.as_symbol or "") is other.role and other.dim.as_symbol is not None:
            meant.setdefault(other.dim.as_symbol, this.role)
    return meant


def _read_together(trace: Named) -> Iterator[tuple[Axis, Axis]]:
    """The neighbouring axes of values that a layer reads as batch and time, each of them first."""
    for node in trace.nodes:
        for first, second in pairwise(_axes_inside(node.result)):
            if {first.role, second.role} == SEQUENCE:
                resolved = [replace(axis, dim=trace.resolve(axis.dim)) for axis in (first, second)]
                yield resolved[0], resolved[1]
                yield resolved[1], resolved[0]


def _samples_of_convolutions(trace: Named) -> Iterator[str]:
    """The sizes of axis 0 where channels come into being on axis 1; a permutation after that moves both."""
    seen = set[Span | None]()
    for node in trace.nodes:
        made = node.result
        if isinstance(made, Tensor) and made.rank > 2 and made.axes[1].role is Role.CHANNEL:
            samples = trace.resolve(made.axes[0].dim).as_symbol
            if made.axes[1].origin not in seen and samples is not None:
                yield samples
            seen.add(made.axes[1].origin)


def axes_in(trace: Named) -> Iterator[Axis]:
    """The axes of all that operations gave."""
    for node in trace.nodes:
        yield from _axes_inside(node.result)


def _axes_inside(value: Value) -> Iterator[Axis]:
    if isinstance(value, Tuple | List):
        for item in value.items:
            yield from _axes_inside(item)
    elif isinstance(value, Dict):
        for item in value.items.values():
            yield from _axes_inside(item)
    else:
        yield from axes_of(value)
