"""Views that name a tensor's own sizes in another order: what is meant by them, and is not what they do."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shapelint.data import dataclass
from shapelint.reading.single_index import ONE
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.trace.node import is_of_axis
from shapelint.trace.trace import Trace

Split = tuple[int, Dim, Dim]  #: an axis that is taken apart first, and its two parts


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """`source.unflatten(*split).permute(order)`, up to merging neighbours: what the sizes of a view say.

    `pieces` are the sizes before `order` is applied, `moved` those of the axes that do not stay where they are, `long`
    is how many axes are longer than 1.
    """

    order: tuple[int, ...]
    split: Split | None
    pieces: tuple[Dim, ...]
    moved: tuple[Dim, ...]
    long: int

    def moves_without(self, ones: Collection[Dim]) -> bool:
        """Whether axes move past each other, too, where some sizes are 1."""
        left = [place for place in self.order[: self.long] if self.pieces[place] not in ones]
        return left != sorted(left)


def rearrangement(trace: Trace, root: Tensor, result: Tensor) -> Rearrangement | None:
    """What the sizes of a view say that it does; None where that is what a view does, or where they do not tell.

    One axis may be taken apart, and some may be merged to one: the sizes that are left over say which; (B, L, 2H) as
    (2L, B, H) does both. Axes of length 1 do not count: moving them changes no element.
    """
    before = [trace.resolve(axis.dim) for axis in root.axes]
    after = [size for axis in result.axes if (size := trace.resolve(axis.dim)) != ONE]
    parts = _parts(trace, root, after)
    if parts is None and sum(size != ONE for size in before) == sum(size in after for size in before) + 1:
        parts = _left(before, after)
    parts = parts or _left_and_merged(before, after)
    pieces = _taken_apart(before, parts)
    order = _order(pieces, after)
    if order is None or order == sorted(order):
        return None
    moved = tuple(pieces[at] for place, at in enumerate(order) if place != sorted(order).index(at))
    ones = tuple(at for at, size in enumerate(pieces) if size == ONE)
    return Rearrangement((*order, *ones), parts, tuple(pieces), moved, len(order))


def _parts(trace: Trace, root: Tensor, after: Sequence[Dim]) -> Split | None:
    """The one axis that was merged of two that the view names again."""
    found: list[Split] = []
    for place, axis in enumerate(root.axes):
        sizes = [trace.resolve(part.dim) for part in axis.parts]
        if len(sizes) == 2 and all(size in after for size in sizes):
            found.append((place, sizes[0], sizes[1]))
    return found[0] if len(found) == 1 else None


def _left(before: Sequence[Dim], after: Sequence[Dim]) -> Split | None:
    """The one axis whose size the view does not name, and the two sizes that only the view names."""
    gone = [place for place, size in enumerate(before) if size != ONE and size not in after]
    new = [size for size in after if size not in before]
    if len(gone) != 1 or len(new) != 2 or any(_may_be_whole(part, before[gone[0]]) for part in new):
        return None
    return gone[0], new[0], new[1]


def _left_and_merged(before: Sequence[Dim], after: Sequence[Dim]) -> Split | None:
    """The one axis of (B, L, 2H) that (2L, B, H) takes apart, where one part is merged with another axis."""
    gone = [place for place, size in enumerate(before) if size != ONE and size not in after]
    new = [size for size in after if size not in before]
    if len(gone) != 2 or len(new) != 2:
        return None
    found = [
        (place, count, kept)
        for place, other in (gone, reversed(gone))
        for merged, kept in (new, reversed(new))
        if (count := before[place].divide(kept)) is not None and count != ONE and merged == count * before[other]
    ]
    # (B * N, C) as (B, N * C) is what a view does, if N are the heads of each sample and not the samples of each head
    is_plain = any(_is_in_order(before, (place, kept, count), after) for place, count, kept in found)
    return found[0] if len(found) == 1 and not is_plain else None


def _is_in_order(before: Sequence[Dim], parts: Split, after: Sequence[Dim]) -> bool:
    order = _order(_taken_apart(before, parts), after)
    return order is not None and order == sorted(order)


def _may_be_whole(part: Dim, whole: Dim) -> bool:
    """Whether two axes may be as long as each other: the batch of an input, and that of what is made of it unseen."""
    return all(size.as_symbol is not None and is_of_axis(size.as_symbol) for size in (part, whole))


def _taken_apart(before: Sequence[Dim], parts: Split | None) -> list[Dim]:
    if parts is None:
        return list(before)
    place, first, second = parts
    return [*before[:place], first, second, *before[place + 1 :]]


def _order(before: Sequence[Dim], after: Sequence[Dim]) -> list[int] | None:
    """Which pieces stand one after the other in the result; None where sizes that count are not told apart.

    Pieces whose sizes the result does not name stand in its one axis that is none of them, in their order.
    """
    long = [place for place, size in enumerate(before) if size != ONE]
    merged = [place for place in long if before[place] not in after]
    new = [size for size in after if size not in before]
    if len(new) > 1 or bool(new) != (len(merged) > 1):
        return None
    order: list[int] = []
    for size in after:
        if size in new:
            order += merged
            continue
        places = [place for place in long if before[place] == size and place not in order]
        if not places or (before[places[0]].constant is None and _is_doubled(size, before, after)):
            return None
        order.append(places[0])
    return order if len(order) == len(long) else None


def _is_doubled(size: Dim, before: Sequence[Dim], after: Sequence[Dim]) -> bool:
    return before.count(size) != 1 or after.count(size) != 1
