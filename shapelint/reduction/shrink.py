"""Making a text smaller as long as it still shows what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from shapelint.syntax.facts.pieces import Cut

Still = Callable[[str], bool]  #: whether a text still shows it
Item = TypeVar("Item")


def smaller(text: str, still: Still, cuts: Sequence[Callable[[str], Iterable[Cut]]]) -> str:
    """A text of which nothing more can be cut. Each of `cuts` tells what may go of a text that still shows it."""
    before = ""
    while text != before:
        before = text
        for of in cuts:
            text = _pass(text, still, of)
    return text


def _pass(text: str, still: Still, of: Callable[[str], Iterable[Cut]]) -> str:
    """Try each cut once; where one can be made, go on at the same place among those of the new text."""
    left, at = list(of(text)), 0
    while at < len(left):
        tried = left[at].of(text)
        if still(tried):
            text, left = tried, list(of(tried))
        else:
            at += 1
    return text


def together(items: Sequence[Item], works: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """As many of the items as work together: all, else those of one half, and then of the other one."""
    taken: list[Item] = []
    waiting = [list(items)]
    while waiting:
        some = waiting.pop()
        if not some:
            continue
        if works([*taken, *some]):
            taken += some
        elif len(some) > 1:
            half = len(some) // 2
            waiting += [some[half:], some[:half]]
    return taken
