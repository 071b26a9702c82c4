"""Loops and comprehensions: they are followed for a sample of their rounds (`infer/values/rounds.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeGuard

from shapelint.data import dataclass
from shapelint.infer.code.assign import assign
from shapelint.infer.dispatch import Flow, evaluate, execute, executes
from shapelint.infer.protocol import rounds, truth
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Container, Instance
from shapelint.infer.values.rounds import MAX_EXACT, are_alike, member_of, name_of_later
from shapelint.infer.values.scopes import YIELDED, Function, Scope
from shapelint.infer.values.truth import truth_of
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, Int, List, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.events import Loop

MAX_HELD = 3  #: lists in dicts in attributes are found
MAX_SEARCHED = 500  #: values of one level that are searched for lists
MAX_NESTING = 2  #: loops inside loops that get their second round


@executes(facts.For)
def for_loop(run: Run, scope: Scope, node: facts.For) -> Flow:
    """`for`: each followed round in order."""
    iterable = evaluate(run, scope, node.iterable)
    begin = len(run.trace.nodes)
    followed = rounds(run, iterable, node.iterable)
    values = followed.values
    if followed.count is not None and run.loops >= MAX_NESTING:
        values = values[:1]
    flow = _follow(run, scope, node, values, followed.count, begin)
    if flow is Flow.RETURN:
        return flow
    return execute(run, scope, node.orelse) if flow is Flow.NEXT else Flow.NEXT


def _follow(run: Run, scope: Scope, node: facts.For, values: tuple[Value, ...], count: Dim | None, begin: int) -> Flow:
    loop, followed = _Loop(run, scope, node), 0
    starts: list[int] = []
    run.loops += count is not None
    flow = Flow.NEXT
    for value in values:
        if followed and _is_over(run, count, followed):
            break
        loop.begin_round(later=count is not None and followed > 0)
        starts.append(len(run.trace.nodes))
        assign(run, scope, node.target, value, node)
        is_mixed = count is not None and not are_alike(values[: followed + 1])
        with run.recorder.within(member_of(None if is_mixed else count, followed), skips=is_mixed):
            flow = execute(run, scope, node.body)
        followed += 1
        if flow in (Flow.BREAK, Flow.RETURN):
            break
        flow = Flow.NEXT
    run.loops -= count is not None
    if count is not None:
        loop.stand_for(count if flow is Flow.NEXT else loop.rounds, followed)
        if flow is Flow.NEXT and followed == 2:
            step = name_of_later(node.iterable)
            run.trace.loops.append(Loop(begin, starts[0], starts[1], len(run.trace.nodes), count, step))
    return flow


def _is_over(run: Run, count: Dim | None, followed: int) -> bool:
    """Whether the path has said since the loop began that there are no more rounds: `i == layers - 1` in the first."""
    known = None if count is None else run.resolve(count).constant
    return known is not None and known <= followed


class _Loop:
    """What the rounds of a loop leave behind, where those that were followed stand for more of them."""

    def __init__(self, run: Run, scope: Scope, node: facts.For | facts.While) -> None:
        self.run = run
        self.scope = scope
        # each call of a function, and each known round of a loop around this one, has sizes of its own
        self.place = f"{node.span.line}:{node.span.column}{run.recorder.here}"
        self.rounds = Dim.symbol(f"rounds@{self.place}")  #: their number, where nothing tells it
        self.names = node.names
        self.before: dict[str, Value] = {}
        self.first = self._named()
        reached = _reached(self.first)
        self.lists = self.latest = _collected(reached)
        self.numbers = self.first_numbers = _numbers(reached)
        self.asked = len(run.path.asked)  #: choices in front of the loop

    def begin_round(self, later: bool) -> None:
        """Remember the names and the lists as the round finds them; a `later` one stands for all that follow."""
        if later:
            self._loosen()
        self.before = self._named()
        reached = _reached(self.before)
        self.latest, self.numbers = _collected(reached), _numbers(reached)

    def _named(self) -> dict[str, Value]:
        """The local names that the loop may change: those that it names, or all where it names a local function."""
        names = self.scope.names
        named = {name: names[name] for name in sorted(names.keys() & {*self.names, YIELDED})}
        return dict(names) if any(isinstance(value, Function) for value in named.values()) else named

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

    def _stand_for_rebound(self, count: Dim, followed: int) -> None:
        """Sequences that each round makes anew from what the name held: `out = out + [step]`.

        A single round does not tell whether it adds items or makes what every round makes so. A tuple of many items
        is told as a list of them: a sample is all that is known of it.
        """
        for name, old in self.before.items():
            new = self.scope.names.get(name)
            before = _size_in(self.latest, old)
            if (
                type(old) is not type(new)
                or not isinstance(new, List | Tuple)
                or id(new) in self.latest
                or before is None
            ):
                continue
            start, added = _size_in(self.lists, self.first.get(name)) or Dim.of(0), _size(new) - before
            if added == Dim.of(0):
                continue
            is_regular = followed > 1 and added.is_positive() and _size(new) == start + added * Dim.of(followed)
            length = start + count * added if is_regular else Dim.symbol(f"len({name})@{self.place}")
            if isinstance(new, List):
                new.length = length
            else:
                self.scope.names[name] = List(list(new.items), length)

    def _loosen(self) -> None:
        """What the first round has changed in size has a size of its own in each round: `cat([history, new])`."""
        for name, old in self.first.items():
            new = self.scope.names.get(name)
            if isinstance(old, Tensor) and isinstance(new, Tensor) and self._sizes(old) != self._sizes(new):
                self.scope.names[name] = replace(new, axes=tuple(self._loose_axes(f"{name}.size", old, new)))

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
        for name, old in self.before.items():
            new = self.scope.names.get(name)
            if isinstance(old, Int) and isinstance(new, Int) and old.dim != new.dim:
                self.scope.names[name] = Int(Dim.symbol(f"{name}@{self.place}"))
            elif isinstance(old, Tensor) and isinstance(new, Tensor) and self._sizes(old) != self._sizes(new):
                self.scope.names[name] = self._widened(name, old, new)

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
    return value.items if isinstance(value, List | Tuple) else ()


def _size(value: List | Tuple | Container) -> Dim:
    return Dim.of(len(value.items)) if isinstance(value, Tuple) else value.length or Dim.of(_count(value))


def _count(value: List | Container) -> int:
    return len(value.items if isinstance(value, List) else value.members)


@executes(facts.While)
def while_loop(run: Run, scope: Scope, node: facts.While) -> Flow:
    """`while`: followed to its end while the condition is known, else for a round or two that stand for more."""
    loop, followed, limit = _Loop(run, scope, node), 0, MAX_EXACT
    flow = Flow.NEXT
    while flow in (Flow.NEXT, Flow.CONTINUE):
        holds = _still_holds(run, scope, node)
        if holds is False:
            return execute(run, scope, node.orelse)
        limit = limit if holds else 2
        if followed >= limit or (followed and run.loops >= MAX_NESTING):
            break
        loop.begin_round(later=limit == 2 and followed > 0)
        run.loops += 1
        flow = execute(run, scope, node.body)
        run.loops -= 1
        followed += 1
    if flow is Flow.RETURN:
        return flow
    loop.stand_for(loop.rounds, followed)
    return Flow.NEXT


def _still_holds(run: Run, scope: Scope, node: facts.While) -> bool | None:
    """Whether a loop goes on; None where data, an unknown size or a `break` in the body end it."""
    choices, decisions = len(run.path.choices), len(run.trace.decisions)
    run.path.says_nothing, outer = True, run.path.says_nothing
    test = evaluate(run, scope, node.test)
    run.path.says_nothing = outer
    asked = list(run.path.choices)[choices:]
    for key in asked:  # that a loop goes on is no choice of the path: it ends in any case
        del run.path.choices[key]
    del run.trace.decisions[decisions:]
    if asked or isinstance(test, Unknown | Tensor):
        return None
    known = truth_of(test) if isinstance(test, Int) else truth(run, test, node.test)
    return None if known and isinstance(node.test, facts.Literal) else known


def comprehension(run: Run, scope: Scope, node: facts.Comprehension) -> Value:
    """The list, dict or generator that a comprehension makes; the conditions are taken to hold."""
    inner = Scope({}, scope)
    collected: list[Value] = []
    keys: list[Value] = []
    count = _fill(run, inner, node, node.generators, collected, keys)
    if node.kind == "dict":
        known = {constant_key(k): v for k, v in zip(keys, collected, strict=True)}
        return Dict({k: v for k, v in known.items() if k is not None}, open=count is not None or None in known)
    return List(collected, count)


def _fill(
    run: Run,
    scope: Scope,
    node: facts.Comprehension,
    generators: tuple[facts.Generator, ...],
    collected: list[Value],
    keys: list[Value],
) -> Dim | None:
    if not generators:
        if node.key is not None:
            keys.append(evaluate(run, scope, node.key))
        collected.append(evaluate(run, scope, node.element))
        return None
    generator = generators[0]
    followed = rounds(run, evaluate(run, scope, generator.iterable), generator.iterable)
    inner: Dim | None = None
    exact, start = True, len(collected)
    for number, value in enumerate(followed.values):
        start = len(collected)
        with run.recorder.within(member_of(followed.count, number)):
            assign(run, scope, generator.target, value, None)
            answers = [truth_of(evaluate(run, scope, condition)) for condition in generator.conditions]
            if False in answers:
                exact = exact and followed.count is None
                continue
            exact = exact and None not in answers
            inner = _fill(run, scope, node, generators[1:], collected, keys)
    if not exact:
        return Dim.symbol(f"len({run.key_of(generator.iterable)})")
    if followed.count is None:
        return inner if inner is None else inner * Dim.of(len(followed.values))
    # what the last round collected stands for what every round does
    return followed.count * (inner or Dim.of(len(collected) - start))
