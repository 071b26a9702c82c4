"""Where the boxes, the texts on the arrows, and the arrows themselves go: rows from above to below, nothing overlaps.

Each arrow becomes a chain with a stop in every row that it crosses, and its text is the first stop: so a text has
room of its own, like a box. Rows are ordered by the middle of what each stop hangs on, and spread by the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import pairwise

from shapelint.data import dataclass
from shapelint.report.graph.data import Arrow, Box, Graph

LETTER, LINE = 7.3, 16.0  #: width and height of a letter
PAD, BETWEEN, THIN = 12.0, 22.0, 8.0
SWEEPS = 6


@dataclass(slots=True)
class Stop:
    """A box, the text of an arrow, or a bend; `x` and `y` are its middle. Stops are told apart by their numbers."""

    number: int
    row: int
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    above: list[Stop] = field(default_factory=list)
    below: list[Stop] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """The stops of the boxes, those of the arrows from their start to their end, and the size of the whole."""

    boxes: list[Stop]
    chains: list[list[Stop]]
    width: float = 0.0
    height: float = 0.0


def texts_of(box: Box, codes: str = "") -> tuple[str, ...]:
    """The lines of a box, above all the codes of its mistakes."""
    return (*([codes] if codes else []), box.name, *box.details, *([box.line] if box.line else []))


def label_of(arrow: Arrow) -> tuple[str, ...]:
    """The lines on an arrow: the shape, and what the axes are."""
    return (arrow.shape, *([", ".join(arrow.roles)] if arrow.roles else []))


def laid_out(graph: Graph, codes: Mapping[int, str]) -> Layout:
    """Places for all that a graph holds; `codes` are the mistakes by the numbers of their boxes."""
    rows = _rows(graph)
    lines = [texts_of(box, codes.get(number, "")) for number, box in enumerate(graph.boxes)]
    boxes = [
        Stop(number, 2 * row, _width(texts) + 2 * PAD, len(texts) * LINE + PAD)
        for number, (texts, row) in enumerate(zip(lines, rows, strict=True))
    ]
    layout = Layout(boxes, [])
    stops = list(boxes)
    for arrow in graph.arrows:
        layout.chains.append(_chain(boxes[arrow.start], boxes[arrow.end], arrow, stops))
    levels = [[stop for stop in stops if stop.row == row] for row in range(max(rows, default=0) * 2 + 1)]
    levels = [level for level in levels if level]
    _order(levels)
    _spread(levels)
    _fit(layout, levels)
    return layout


def _rows(graph: Graph) -> list[int]:
    """A row below all that a box is given; inputs stand just above who takes them first."""
    rows = [0] * len(graph.boxes)
    for arrow in sorted(graph.arrows, key=lambda arrow: arrow.end):
        rows[arrow.end] = max(rows[arrow.end], rows[arrow.start] + 1)
    given = {arrow.end for arrow in graph.arrows}
    for number in range(len(graph.boxes)):
        below = [rows[arrow.end] for arrow in graph.arrows if arrow.start == number]
        if number not in given and below:
            rows[number] = min(below) - 1
    return rows


def _chain(start: Stop, end: Stop, arrow: Arrow, stops: list[Stop]) -> list[Stop]:
    lines = label_of(arrow)
    chain = [start, Stop(len(stops), start.row + 1, _width(lines) + THIN, len(lines) * LINE)]
    chain += [Stop(len(stops) + row - start.row - 1, row, THIN, LINE) for row in range(start.row + 2, end.row)]
    stops.extend(chain[1:])
    chain.append(end)
    for upper, lower in pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _width(lines: Sequence[str]) -> float:
    return max(map(len, lines)) * LETTER


def _order(levels: list[list[Stop]]) -> None:
    """Sort each row by the middle of the neighbours in the row before, down and up again, so that few arrows cross."""
    place = {stop.number: index for level in levels for index, stop in enumerate(level)}
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        for level in levels if is_down else reversed(levels):
            level.sort(
                key=lambda stop: _middle(stop, is_down, lambda near: float(place[near.number]), place[stop.number])
            )
            place.update({stop.number: index for index, stop in enumerate(level)})


def _middle(stop: Stop, is_down: bool, of: Callable[[Stop], float], default: float) -> float:
    near = stop.above if is_down else stop.below
    return sum(map(of, near)) / len(near) if near else default


def _spread(levels: list[list[Stop]]) -> None:
    """Move each stop to the middle of its neighbours, as far as those beside it leave room."""
    for level in levels:
        _place(level, [0.0] * len(level))
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        for level in levels if is_down else reversed(levels):
            _place(level, [_middle(stop, is_down, lambda near: near.x, stop.x) for stop in level])


def _place(level: list[Stop], wanted: list[float]) -> None:
    """Give each stop of a row the place that it wants, or the nearest one in their order: groups move together."""
    groups: list[tuple[list[Stop], float]] = []  # stops without room between them, and where the first one begins
    for stop, x in zip(level, wanted, strict=True):
        groups.append(([stop], x - stop.width / 2))
        while len(groups) > 1 and groups[-2][1] + _extent(groups[-2][0]) + BETWEEN > groups[-1][1]:
            (right, at_right), (left, at_left) = groups.pop(), groups.pop()
            # each half is moved as little as the number of its stops allows
            shifted = at_right - _extent(left) - BETWEEN
            at = (at_left * len(left) + shifted * len(right)) / (len(left) + len(right))
            groups.append(([*left, *right], at))
    for stops, at in groups:
        for stop in stops:
            stop.x = at + stop.width / 2
            at += stop.width + BETWEEN


def _extent(stops: list[Stop]) -> float:
    return sum(stop.width for stop in stops) + BETWEEN * (len(stops) - 1)


def _fit(layout: Layout, levels: list[list[Stop]]) -> None:
    """Set the rows below each other, and move all to positive places."""
    left = min((stop.x - stop.width / 2 for stop in _all(levels)), default=0.0) - PAD
    top = PAD
    for level in levels:
        height = max(stop.height for stop in level)
        for stop in level:
            stop.x, stop.y = stop.x - left, top + height / 2
        top += height + BETWEEN
    layout.width = max((stop.x + stop.width / 2 for stop in _all(levels)), default=0.0) + PAD
    layout.height = top - BETWEEN + PAD


def _all(levels: list[list[Stop]]) -> Iterator[Stop]:
    return (stop for level in levels for stop in level)
