"""Sizes under names of a few letters, and where each of them comes from.

Findings speak of `x.size(2)`, whose reader looks at one line. Who reads the shapes of a whole file wants H, and a
legend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shapelint.regex import regex
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.render import Named, Naming, axes_in, short_name
from shapelint.shapes.value import Tensor
from shapelint.source import one_line

_NEUTRAL = "NMKPQRSUVXYZ"  #: for sizes of which nothing is known; those that speak of an axis are left out
_SPATIAL: Mapping[int, str] = {3: "L", 4: "HW", 5: "DHW"}  #: what follows the channels, by the number of axes
_AXIS = regex(r"(?s)(?P<of>.*?)(?P<places>(@\d+:\d+)*)(#\d+)?(?P<items>(\[\*?\d+\])*)\.size\((?P<axis>-?\d+)\)")
_PLACES = regex(r"@(\d+):\d+")
_LONGEST = 40  #: characters of an expression in a legend


class Letters(Naming):
    """The names of all symbols of one trace: the author's words, or else letters."""

    def __init__(self, trace: Named) -> None:
        symbols = {symbol for axis in axes_in(trace) for symbol in trace.resolve(axis.dim).symbols}
        self._words = {short_name(symbol) for symbol in symbols}
        self._spatial = _spatial(trace)
        super().__init__(trace)
        self._resolve = lambda dim: trace.resolve(dim).simplified()

    def origins(self, axes: Iterable[Axis]) -> tuple[tuple[str, str], ...]:
        """The names in a shape with what they stand for, but those that the code itself uses."""
        symbols = dict.fromkeys(symbol for axis in axes for symbol in sorted(self._resolve(axis.dim).symbols))
        pairs = ((self.symbol(symbol), origin(symbol)) for symbol in symbols)
        return tuple((name, of) for name, of in pairs if name != of)

    def _wanted(self, symbol: str) -> str:
        word = short_name(symbol)
        if word.isidentifier():
            return word
        if symbol in self._spatial:
            return self._spatial[symbol]
        free = (letter for letter in _NEUTRAL if letter not in self._taken and letter not in self._words)
        return next(free, _NEUTRAL[0])


def origin(symbol: str) -> str:
    """Where a size comes from, in words: `axis 2 of x`."""
    match = _AXIS.fullmatch(symbol)
    if match is None:
        return one_line(_PLACES.sub("", symbol), _LONGEST)
    lines = _PLACES.findall(match["places"])
    items = match["items"].replace("[*", "[")
    of = f"an item of {one_line(match['of'], _LONGEST)}" if "[*" in match["items"] else one_line(match["of"], _LONGEST)
    member = "".join(items.split("]", 1)[1:]) if "[*" in match["items"] else items
    return f"axis {match['axis']} of {f'{member} of ' if member else ''}{of}{f', line {lines[0]}' if lines else ''}"


def _spatial(trace: Named) -> dict[str, str]:
    """Letters for what lies behind the channels: of (B, C, H, W) height and width."""
    return {symbol: letter for node in trace.nodes for symbol, letter in _behind_channels(node.result, trace)}


def _behind_channels(value: object, trace: Named) -> Iterator[tuple[str, str]]:
    if isinstance(value, Tensor) and value.rank in _SPATIAL and value.axes[1].role is Role.CHANNEL:
        for axis, letter in zip(value.axes[1:], f"C{_SPATIAL[value.rank]}", strict=True):
            size: Dim = trace.resolve(axis.dim)
            if len(size.symbols) == 1:
                yield next(iter(size.symbols)), letter
