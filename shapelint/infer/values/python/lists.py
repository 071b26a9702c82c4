"""Lists: known item by item, or a sample of their items that is told by its length."""

from __future__ import annotations

from dataclasses import replace

from shapelint.finding import Ref
from shapelint.infer.protocol import (
    Site,
    classes,
    has_attribute,
    items,
    iterates,
    lengths,
    methods,
    takes_item,
)
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Builtin, Container
from shapelint.infer.values.python.slices import known_slice
from shapelint.infer.values.rounds import Rounds, are_alike, rounds_over
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.infer.values.truth import truths
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import length_of
from shapelint.shapes.value import NONE, Int, List, SliceValue, Tensor, Tuple, Unknown, Value, integer
from shapelint.syntax import facts
from shapelint.trace.node import LATER_ROUND


@classes(List)
def _class(value: List) -> Value:
    return Builtin("list")


@has_attribute(List)
def _has(base: List, name: str) -> bool:
    return hasattr(list, name)


@items(List)
def item_of_list(run: Run, base: List, index: Value, node: facts.Subscript) -> Value:
    """`items[index]`."""
    if isinstance(index, SliceValue):
        return _slice(run, base, index, node)
    if not isinstance(index, Int) or not base.items:
        return Unknown(run.key_of(node), "a list index that is not known")
    position = index.dim.constant
    if position is None and base.length is None and not are_alike(base.items[1:] or base.items):
        return Unknown(run.key_of(node), "a list index that is not known, of items that differ")
    if base.length is not None and position is not None and isinstance(base.items[-1], Unknown):
        return Unknown(f"{base.items[-1].key}[{position}]", "an item of a round of its own")
    if base.length is not None or position is None:
        # a sample stands for the rest: the first for 0, the last for any other
        return base.items[0] if position == 0 else _other_item(base.items, position)
    if -len(base.items) <= position < len(base.items):
        return base.items[position]
    return Unknown(run.key_of(node), "a list index out of range")


def _other_item(sample: list[Value], position: int | None) -> Value:
    """The item at a place that is not in the sample.

    Of what an operation gave it has its own reference; a number that follows from the round is that of its round.
    """
    item = sample[-1]
    if isinstance(item, Int) and len(sample) == 2:
        return Int(_in_round(item.dim, position))
    if not isinstance(item, Tensor) or item.ref is None or item.ref.path != (1,) or position is None:
        return item
    is_part = sample[0] == replace(item, ref=Ref(item.ref.node, (0,)))
    return replace(item, ref=Ref(item.ref.node, (position,))) if is_part else item


def _in_round(number: Dim, position: int | None) -> Dim:
    """What a later round counts as `number`, in the round that made the item at a place: `[width * i for i in ..]`."""
    rounds = [name for name in number.symbols if name.startswith(LATER_ROUND)]
    if not rounds:
        return number
    if len(rounds) == 1 and position is not None and position > 0:
        return number.substitute({rounds[0]: Dim.of(position)})
    return Dim.symbol(f"({number})[{position}]")


def _slice(run: Run, base: List, index: SliceValue, node: facts.Subscript) -> Value:
    cut = known_slice(index)
    if cut is None or (base.length is not None and (cut.step is not None or (cut.stop or 0) > 0)):
        return Unknown(run.key_of(node), "a slice of unknown bounds")
    if base.length is None:
        return List(base.items[cut])
    # a sample stands for the rest: without its first items only the later ones are left
    dropped = abs(cut.start or 0) + abs(cut.stop or 0)
    kept = Dim.of(abs(cut.start)) if (cut.start or 0) < 0 and cut.start else base.length - Dim.of(dropped)
    return List(base.items[-1:] if cut.start else list(base.items), kept)


@takes_item(List)
def _set_item(run: Run, base: List, index: Value, value: Value, node: facts.Subscript) -> None:
    position = index.dim.constant if isinstance(index, Int) else None
    if position is not None and base.length is None:
        if -len(base.items) <= position < len(base.items):
            base.items[position] = value
    elif base.items:
        # an item that is not the first: from now on the list is a sample of its first and a later one
        base.length = base.length or Dim.of(len(base.items))
        first = value if base.items[0] is NONE else base.items[0]  # `[None] * steps` is there to be filled
        base.items[:] = [value, *base.items[1:][-1:]] if position == 0 else [first, value]


@iterates(List)
def _rounds(run: Run, value: List, node: facts.Expression) -> Rounds:
    return rounds_over(tuple(value.items), value.length)


@lengths(List)
def _length(run: Run, value: List, node: facts.Expression) -> Value:
    return Int(length_of(value))


@truths(List)
def _truth(value: List) -> bool:
    return bool(value.items)


@methods(List)
def _method(run: Run, sequence: List, site: Site) -> Value:
    change = _CHANGES.get(site.name)
    if change is not None and change(sequence, site.args):
        return NONE
    if site.name in ("pop", "popleft"):
        where = integer(0 if site.name == "popleft" else -1)
        found = _pop(sequence.items, site.args[0] if site.args else where)
        return found or site.unknown(run, "an item that is not known")
    if site.name == "copy":
        return List(list(sequence.items), sequence.length)
    return site.unknown(run, f"the list method .{site.name}()")


def _append(sequence: List, args: tuple[Value, ...]) -> bool:
    if args:
        grow(sequence, Tuple((args[0],)))
    return bool(args)


def _extend(sequence: List, args: tuple[Value, ...]) -> bool:
    if not args or not isinstance(args[0], List | Tuple):
        return False
    grow(sequence, args[0])
    return True


def _insert(sequence: List, args: tuple[Value, ...]) -> bool:
    if len(args) == 2:
        insert(sequence.items, *args)
    return len(args) == 2


def _append_left(sequence: List, args: tuple[Value, ...]) -> bool:
    return bool(args) and _insert(sequence, (integer(0), *args))


def _reverse(sequence: List, args: tuple[Value, ...]) -> bool:
    sequence.items.reverse()
    return True


#: what changes a list and gives None; False where the arguments do not tell how
_CHANGES = {
    "append": _append, "extend": _extend, "insert": _insert, "appendleft": _append_left, "reverse": _reverse,
}  # fmt: skip


def insert(items: list[Value], where: Value, item: Value) -> None:
    """Put an item in its place, which is the last one if it is not known."""
    position = where.dim.constant if isinstance(where, Int) else None
    items.insert(len(items) if position is None else position, item)


def _pop(items: list[Value], where: Value) -> Value | None:
    position = where.dim.constant if isinstance(where, Int) else None
    return items.pop(position) if position is not None and -len(items) <= position < len(items) else None


def extend(sequence: List, added: list[Value]) -> None:
    """Append items; of a list that gets too long only its first and last item are kept as a sample."""
    items = sequence.items
    count = len(items) + len(added)
    items.extend(added)
    if count > MAX_ITEMS:
        sequence.length = sequence.length or Dim.of(count)
        items[:] = [items[0], items[-1]]


def grow(sequence: List | Container, more: List | Tuple | Container) -> None:
    """Append the items of `more` to a list or container (`+=`, `extend`); a sample is told by its length."""
    added = list(more.members.values() if isinstance(more, Container) else more.items)
    length = None if isinstance(more, Tuple) else more.length
    items = sequence.items if isinstance(sequence, List) else sequence.members
    if length is not None or sequence.length is not None:
        sequence.length = (sequence.length or Dim.of(len(items))) + (length or Dim.of(len(added)))
    if isinstance(sequence, List):
        extend(sequence, added)
    else:
        for item in added:
            sequence.members[str(len(sequence.members))] = item
