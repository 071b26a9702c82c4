"""How a view cuts the elements of a tensor anew: which axes are kept, merged, split back, or lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from shapelint.ops.axes import ONE, Axes, merged
from shapelint.ops.refusals import SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.equations import cancel, product_of

INFERRED = Dim.of(-1)


def complete_sizes(axes: Axes, sizes: Sequence[Dim], assume: Assumptions) -> tuple[Dim, ...]:
    """The sizes of a view with -1 filled in; raises ShapeError where the number of elements is wrong.

    Where -1 stands for a quotient that is not exact, it is assumed that the division leaves nothing.
    """
    if sizes.count(INFERRED) > 1:
        raise ShapeError("only one size can be -1")
    if any(size != INFERRED and (-size).is_positive() for size in sizes):
        raise ShapeError("a size is negative")
    total = assume.resolve(product_of(axis.dim for axis in axes))
    if INFERRED not in sizes:
        _agree_on_elements(axes, sizes, assume)
        return tuple(sizes)
    rest = assume.resolve(product_of(size for size in sizes if size != INFERRED))
    inferred = _inferred(total, rest, sizes, assume)
    return tuple(inferred if size == INFERRED else size for size in sizes)


def _inferred(total: Dim, rest: Dim, sizes: Sequence[Dim], assume: Assumptions) -> Dim:
    if not rest.terms or not total.terms:
        raise Undetermined("a view of a tensor that may hold no element")
    reduced, divisor = cancel(total, rest)
    inferred = reduced // divisor
    if not assume.agree(reduced, inferred * divisor):
        raise SizeError("$got elements do not fit ($into)", expected=rest, got=total, into=tuple(sizes))
    return inferred


def _agree_on_elements(axes: Axes, sizes: Sequence[Dim], assume: Assumptions) -> None:
    have, want = _without_common([axis.dim for axis in axes], sizes, assume)
    if not assume.agree(have, want):
        total = product_of(axis.dim for axis in axes)
        raise SizeError("$got elements do not fit ($into)", expected=product_of(sizes), got=total, into=tuple(sizes))


def _without_common(have: Sequence[Dim], want: Sequence[Dim], assume: Assumptions) -> tuple[Dim, Dim]:
    """What is left of the two products without common factors, so that an equation may name one symbol."""
    left = assume.resolve(product_of(have))
    right = assume.resolve(product_of(want))
    return cancel(left, right)


def recut(axes: Axes, sizes: Sequence[Dim], assume: Assumptions) -> Axes:
    """The axes of a view into `sizes`, whose product is right; an axis that is cut anew has no role."""
    front, (old, new), back = _peel(axes, sizes, assume)
    filled = [axis for axis in old if assume.resolve(axis.dim) != ONE]
    middle: list[Axis] = []
    wanted = [size for size in new if assume.resolve(size) != ONE]
    for group, targets in _groups(filled, wanted, assume):
        middle.extend(_recut_group(group, targets, assume))
    found = iter(middle)
    placed = tuple(Axis(ONE) if assume.resolve(size) == ONE else next(found) for size in new)
    return (*front, *placed, *back)


def _peel(axes: Axes, sizes: Sequence[Dim], assume: Assumptions) -> tuple[Axes, tuple[Axes, Sequence[Dim]], Axes]:
    """Take off the axes that stay as they are, at the front and at the back."""
    front = _common_prefix([axis.dim for axis in axes], sizes, assume)
    rest, wanted = axes[front:], sizes[front:]
    back = _common_prefix([axis.dim for axis in reversed(rest)], wanted[::-1], assume)
    middle = rest[: len(rest) - back], wanted[: len(wanted) - back]
    return axes[:front], middle, rest[len(rest) - back :]


def _common_prefix(left: Sequence[Dim], right: Sequence[Dim], assume: Assumptions) -> int:
    pairs = zip(left, right, strict=False)
    same = (assume.same(have, want) is Same.EQUAL for have, want in pairs)
    return next(at for at in count() if not next(same, False))


def _groups(
    axes: Sequence[Axis], sizes: Sequence[Dim], assume: Assumptions
) -> list[tuple[Sequence[Axis], Sequence[Dim]]]:
    """Cut both sides into the shortest runs that hold equally many elements."""
    groups: list[tuple[Sequence[Axis], Sequence[Dim]]] = []
    while axes or sizes:
        taken, wanted = _shortest_run(axes, sizes, assume)
        groups.append((axes[:taken], sizes[:wanted]))
        axes, sizes = axes[taken:], sizes[wanted:]
    return groups


def _shortest_run(axes: Sequence[Axis], sizes: Sequence[Dim], assume: Assumptions) -> tuple[int, int]:
    taken, wanted = min(1, len(axes)), min(1, len(sizes))
    while taken < len(axes) or wanted < len(sizes):
        have = assume.resolve(product_of(axis.dim for axis in axes[:taken]))
        want = assume.resolve(product_of(sizes[:wanted]))
        if have == want:
            break
        more_axes, more_sizes = _lacking(have, want)
        grown = min(taken + more_axes, len(axes)), min(wanted + more_sizes, len(sizes))
        if grown == (taken, wanted):
            return len(axes), len(sizes)
        taken, wanted = grown
    return taken, wanted


def _lacking(have: Dim, want: Dim) -> tuple[bool, bool]:
    """Which side of an unfinished run must grow; both where that cannot be told."""
    fewer_axes = want.divide(have) is not None or (want - have).is_positive()
    fewer_sizes = have.divide(want) is not None or (have - want).is_positive()
    return (fewer_axes, fewer_sizes) if fewer_axes != fewer_sizes else (True, True)


def _recut_group(axes: Sequence[Axis], sizes: Sequence[Dim], assume: Assumptions) -> Axes:
    if len(sizes) == 1 and axes:
        return (merged(axes),)
    if any(axis.parts for axis in axes):
        flat = tuple(part for axis in axes for part in (axis.parts or (axis,)))
        return recut(flat, sizes, assume)
    sources = tuple(source for axis in axes for source in axis.sources)
    return tuple(Axis(size, sources=sources) for size in sizes)
