"""What a loop leaves behind of whose rounds some are followed, and stand for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any, TypeGuard

from shapelint.data import dataclass
from shapelint.infer.code.carried import carried, passed_over
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Container, Instance
from shapelint.infer.values.scopes import YIELDED, Function, Scope
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, Int, List, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts

MAX_HELD = 3  #: lists in dicts in attributes are found
MAX_SEARCHED = 500  #: values of one level that are searched for lists
_KINDS_OF_OBJECT = (List, Tuple, Tensor)  #: what may grow in a loop
_KINDS = (*_KINDS_OF_OBJECT, Int)
_HOLDERS = (Dict, Instance)
_SEQUENCES = (List, Tuple)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A name, an entry of a dict or an attribute, and what it held."""

    holder: MutableMapping[Any, Value]
    key: object
    name: str  #: in symbols: two objects may have attributes of one name
    value: Value

    @property
    def now(self) -> Value | None:
        """What it holds now."""
        return self.holder.get(self.key)

    def put(self, value: Value) -> None:
        """Have it hold something else."""
        self.holder[self.key] = value


class LeftByLoop:
    """The names, entries of dicts and attributes that a loop changes, some of whose rounds stand for all of them."""

    def __init__(self, run: Run, scope: Scope, node: facts.For | facts.While) -> None:
        self.run = run
        self.scope = scope
        # each call of a function, and each known round of a loop around this one, has sizes of its own
        self.place = f"{node.span.line}:{node.span.column}{run.recorder.here}"
        self.rounds = Dim.symbol(f"rounds@{self.place}")  #: their number, where nothing tells it
        self.names = node.names
        self.body = node.body
        self.holders: dict[int, int] = {}  #: the numbers of dicts and objects, in the order in which they are met
        named = self._named()
        reached = _reached(named)
        self.first = self.before = self._slots(named, reached)
        self.lists = self.latest = _collected(reached)
        self.numbers = self.first_numbers = _numbers(reached)
        self.asked = len(run.path.asked)  #: choices in front of the loop

    def begin_round(self, later: bool) -> None:
        """Remember the names and the lists as the round finds them; a `later` one stands for all that follow."""
        if later:
            self._loosen()
        named = self._named()
        reached = _reached(named)
        self.before = self._slots(named, reached)
        self.latest, self.numbers = _collected(reached), _numbers(reached)

    def _named(self) -> dict[str, Value]:
        """The local names that the loop may change: those that it names, or all where it names a local function."""
        names = self.scope.names
        named = {name: names[name] for name in sorted(names.keys() & {*self.names, YIELDED})}
        return dict(names) if any(isinstance(value, Function) for value in named.values()) else named

    def _slots(self, named: Mapping[str, Value], reached: Iterable[Value]) -> dict[tuple[int, object], _Slot]:
        """What the loop's body can bind. Numbers of objects are counted by themselves."""
        slots: dict[tuple[int, object], _Slot] = {}
        for name, value in named.items():
            slots[0, name] = _Slot(self.scope.names, name, name, value)
        for value in reached:
            if not isinstance(value, _HOLDERS):
                continue
            holder: MutableMapping[Any, Value] = value.items if isinstance(value, Dict) else value.attributes
            number = self.holders.setdefault(id(holder), len(self.holders))
            kinds = _KINDS if isinstance(value, Dict) else _KINDS_OF_OBJECT
            for key, held in holder.items():
                if isinstance(held, kinds):
                    slots[id(holder), key] = _Slot(holder, key, f"{key}#{number}", held)
        return slots

    def stand_for(self, count: Dim, followed: int) -> None:
        """The lists that the body appends to have items of `count` rounds; `followed` were run."""
        grown = [(key, old) for key, old in self.latest.items() if old.has_changed]
        for key, old in grown:
            item = old.value
            # the first round may have made the list
            start = self.lists[key].size if key in self.lists else Dim.of(0)
            added = _size(item) - old.size
            if added.is_positive():
                is_regular = _size(item) == start + added * Dim.of(followed)
                item.length = start + (count * added if is_regular else Dim.symbol(f"items@{self.place}"))
        self._stand_for_rebound(count, followed)
        self._stand_for_counted(count, followed)
        self._widen()

    def forget_begun(self) -> None:
        """A tensor that the one round has begun which was followed, and that others may add to, is not known.

        `if kept is None: kept = x`, and else `kept = torch.cat((kept, x))`.
        """
        names, first = self.scope.names, {key: slot.value for (holder, key), slot in self.first.items() if not holder}
        made = (name for name, value in names.items() if isinstance(value, Tensor))
        begun = {name for name in made if not isinstance(first.get(name), Tensor)}
        for name in sorted(begun & carried(self.body)) if begun else ():
            names[name] = Unknown(f"{name}@{self.place}", "one round of a loop does not tell")

    def forget_passed_over(self) -> None:
        """What no round has added to is not known where they have passed over the code that does: a filter keeps some.

        That it keeps nothing is a side that the path has taken once, for all rounds.
        """
        for name in sorted(passed_over(self.body, self.run.covered)):
            slot = self.first.get((0, name))
            if slot is not None and slot.now is slot.value and _is_of_nothing(slot.value):
                slot.put(Unknown(f"{name}@{self.place}", "no round of a loop that was followed adds to it"))

    def _stand_for_rebound(self, count: Dim, followed: int) -> None:
        """Sequences that each round makes anew from what was there: `out = out + [step]`.

        A single round does not tell whether it adds items or makes what every round makes so. A tuple of many items
        is told as a list of them: a sample is all that is known of it.
        """
        for key, slot in self.before.items():
            old, new, first = slot.value, slot.now, self.first.get(key)
            before = _size_in(self.latest, old)
            if (
                type(old) is not type(new)
                or not isinstance(new, List | Tuple)
                or id(new) in self.latest
                or before is None
            ):
                continue
            start = (first and _size_in(self.lists, first.value)) or Dim.of(0)
            added = _size(new) - before
            if added == Dim.of(0):
                continue
            is_regular = followed > 1 and added.is_positive() and _size(new) == start + added * Dim.of(followed)
            length = start + count * added if is_regular else Dim.symbol(f"len({slot.name})@{self.place}")
            if isinstance(new, List):
                new.length = length
            else:
                slot.put(List(list(new.items), length))

    def _loosen(self) -> None:
        """What the first round has changed in size has a size of its own in each round: `cat([history, new])`."""
        for slot in self.first.values():
            old, new = slot.value, slot.now
            if old is new or not isinstance(old, Tensor) or not isinstance(new, Tensor):
                continue
            if self._sizes(old) != self._sizes(new):
                slot.put(replace(new, axes=tuple(self._loose_axes(f"{slot.name}.size", old, new))))

    def _loose_axes(self, size_of: str, old: Tensor, new: Tensor) -> Iterator[Axis]:
        for place, axis in enumerate(new.axes):
            size = self.run.resolve(axis.dim)
            is_kept = old.rank == new.rank and self.run.resolve(old.sizes[place]) == size
            if is_kept or (old.rank != new.rank and size.constant is None):
                yield axis
            else:
                yield replace(axis, dim=Dim.symbol(f"{size_of}({place})@{self.place}"), parts=())

    def _widen(self) -> None:
        """What still changed its shape or number in the last round has no value that holds for all rounds.

        A tensor keeps its number of axes, if the last round did: the rank is no guess.
        """
        for slot in self.before.values():
            old, new = slot.value, slot.now
            if old is new:
                continue
            if isinstance(old, Int) and isinstance(new, Int) and old.dim != new.dim:
                slot.put(Int(Dim.symbol(f"{slot.name}@{self.place}")))
            elif isinstance(old, Tensor) and isinstance(new, Tensor) and self._sizes(old) != self._sizes(new):
                slot.put(self._widened(slot.name, old, new))

    def _stand_for_counted(self, count: Dim, followed: int) -> None:
        """Numbers of objects that the last round has changed: `self.count += 1`.

        One that each round adds the same to, whatever the path, has grown so in `count` rounds. Any other one has a
        symbol of its own.
        """
        is_plain = followed > 1 and len(self.run.path.asked) == self.asked
        changed = 0
        for (owner, name), old in self.numbers.items():
            new = owner.attributes.get(name)
            if not isinstance(new, Int) or new.dim == old:
                continue
            start = self.first_numbers.get((owner, name))
            added = new.dim - old
            if is_plain and start is not None and new.dim == start + added * Dim.of(followed):
                number = start + count * added
            else:  # two objects may have an attribute of one name
                number = Dim.symbol(f"self.{name}#{changed}@{self.place}")
            owner.assign(name, Int(number))
            changed += 1

    def _widened(self, name: str, old: Tensor, new: Tensor) -> Value:
        if old.rank != new.rank:
            return Unknown(f"{name}@{self.place}", "it grows in a loop")
        return replace(new, axes=tuple(self._loose_axes(f"{name}.last_size", old, new)))

    def _sizes(self, value: Tensor) -> list[Dim]:
        return [self.run.resolve(size) for size in value.sizes]


@dataclass(frozen=True, slots=True)
class _Collected:
    """A list that a loop's body can append to, and how long it was."""

    value: List | Container
    count: int
    length: Dim | None

    @property
    def size(self) -> Dim:
        """The number of its items at that time."""
        return self.length or Dim.of(self.count)

    @property
    def has_changed(self) -> bool:
        """Whether it is longer now, or shorter; most lists are not, and arithmetic with symbols is dear."""
        return (self.count, self.length) != (_count(self.value), self.value.length)


def _is_of_nothing(value: Value) -> bool:
    """Whether a number is 0, or a collection empty."""
    if isinstance(value, Int):
        return value.dim == Dim.of(0)
    return isinstance(value, List | Dict) and not value.items


def _size_in(collected: Mapping[int, _Collected], value: Value | None) -> Dim | None:
    """How many items a sequence had when lists were looked at; None for what is none, or was not searched."""
    if isinstance(value, Tuple):
        return _size(value)
    known = collected.get(id(value))
    return None if known is None else known.size


def _reached(named: Mapping[str, Value]) -> list[Value]:
    """What a loop's body can change: what local names hold, and what this holds in turn."""
    reached: list[Value] = []
    level = list(named.values())
    for _ in range(MAX_HELD):
        level = level[:MAX_SEARCHED]
        reached += level
        level = [held for value in level for held in _held(value)]
    return reached


def _collected(reached: Iterable[Value]) -> dict[int, _Collected]:
    """The lists that a loop's body can append to."""
    return {id(v): _Collected(v, _count(v), v.length) for v in reached if _is_growing(v)}


def _numbers(reached: Iterable[Value]) -> dict[tuple[Instance, str], Dim]:
    """The numbers that objects hold, as they are now."""
    owners = dict.fromkeys(value for value in reached if isinstance(value, Instance))
    return {(o, name): held.dim for o in owners for name, held in o.attributes.items() if isinstance(held, Int)}


def _is_growing(value: Value) -> TypeGuard[List | Container]:
    return isinstance(value, List) or (isinstance(value, Container) and value.kind != "ModuleDict")


def _held(value: Value) -> Iterable[Value]:
    if isinstance(value, Instance):
        return value.attributes.values()
    if isinstance(value, Dict):
        return value.items.values()
    return value.items if isinstance(value, _SEQUENCES) else ()


def _size(value: List | Tuple | Container) -> Dim:
    return Dim.of(len(value.items)) if isinstance(value, Tuple) else value.length or Dim.of(_count(value))


def _count(value: List | Container) -> int:
    return len(value.items if isinstance(value, List) else value.members)
