"""A trace with a loop written out: the interpreter follows the first round and one that stands for all later ones.

Of the nodes of the later round, further copies are made. What a copy takes from the first round is what the round
before it gives, the number of the round is put in, and a list that the loop filled gets all its items.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property, partial

from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Claim, Ref
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import inside
from shapelint.shapes.value import Int, Layer, List, Packed, Tensor, Tuple, Value
from shapelint.trace.events import Loop
from shapelint.trace.node import Node, given_refs, refs
from shapelint.trace.trace import Trace

ROUNDS = 5  #: of a loop over an axis whose size is open
MAX_ROUNDS = 12


def unrolled(trace: Trace, claim: Claim, needed: Collection[int]) -> tuple[Trace, Claim] | None:
    """The trace and the claim with the loops written out that the claim's values need; None where there is none."""
    for loop in trace.loops:
        is_inside = loop.begin <= claim.target.node < loop.end
        is_nested = any(other.start <= loop.begin and loop.end <= other.end for other in trace.loops if other != loop)
        if is_nested or not any(number in needed for number in range(loop.later, loop.end)):
            continue
        writer = _Unroller(trace, loop, _rounds(trace, loop))
        if not writer.is_possible or (isinstance(claim, Raises) and is_inside):
            continue
        is_later = claim.target.node in writer.places
        options = {name: writer.option(value, is_later) for name, value in claim.options.items()}
        changed = claim.of(writer.after(claim.target), options)
        longer = writer.trace()
        return unrolled(longer, changed, writer.renumbered(needed)) or (longer, changed)
    return None


def _rounds(trace: Trace, loop: Loop) -> int:
    """How many rounds to write out; 0 where their number is fixed, and too large."""
    count = trace.resolve(loop.count)
    if count.constant is None:
        return ROUNDS if _solved(count) is not None else 0
    return count.constant if 2 <= count.constant <= MAX_ROUNDS else 0


def _solved(count: Dim) -> tuple[str, Dim] | None:
    """The symbol in a count such as `T - 1`, and its value for ROUNDS rounds."""
    name = next(iter(count.symbols)) if len(count.symbols) == 1 else ""
    value = Dim.of(ROUNDS) - (count - Dim.symbol(name)) if name else None
    return (name, value) if value is not None and (value.constant or 0) > 1 else None


@dataclass(frozen=True)
class _Unroller:
    old: Trace
    loop: Loop
    rounds: int

    @cached_property
    def later(self) -> list[Node]:
        """The nodes of the later round; its item may have been taken before the first round began."""
        before = [node for node in self.old.nodes[self.loop.begin : self.loop.start] if self._has_step(node)]
        return before + self.old.nodes[self.loop.later : self.loop.end]

    @cached_property
    def places(self) -> Mapping[int, int]:
        """The places of the later round's nodes in it."""
        return {node.id: place for place, node in enumerate(self.later)}

    @cached_property
    def successors(self) -> Mapping[int, Node]:
        """For nodes of the first round, the one of the later round that does the same."""
        found: dict[int, Node] = {}
        waiting = list(self.later)
        for node in self.old.nodes[self.loop.begin : self.loop.later]:
            alike = (other for other in waiting if (other.op, other.span) == (node.op, node.span))
            other = None if node.id in self.places else next(alike, None)
            if other is not None:
                found[node.id] = other
                waiting.remove(other)
        return found

    @property
    def is_possible(self) -> bool:
        """Whether all that the later round takes from the first has a successor, and no list grows in between."""
        taken = {ref.node for node in self.later for ref in given_refs(node) if self._is_first(ref)}
        widths = ((len(list(given_refs(self.old.nodes[number]))), other) for number, other in self.successors.items())
        grown = any(_holds_list(other) and width != len(list(given_refs(other))) for width, other in widths)
        return self.rounds > 1 and taken <= self.successors.keys() and not grown

    def trace(self) -> Trace:
        """The trace with all rounds."""
        inside = self.old.nodes[: self.loop.end]
        inside = [self._in_turn(node, 1) if node.id in self.places else node for node in inside]
        copies = [self._copy(node, turn) for turn in range(2, self.rounds) for node in self.later]
        behind = [self._behind(node) for node in self.old.nodes[self.loop.end :]]
        solved = _solved(self.old.resolve(self.loop.count))
        known = {} if solved is None else {solved[0]: solved[1]}
        apart = [self._moved(loop) for loop in self.old.loops if self._is_apart(loop)]
        return replace(
            self.old,
            nodes=[*inside, *copies, *behind],
            solved={**{name: dim.substitute(known) for name, dim in self.old.solved.items()}, **known},
            loops=apart,
        )

    def after(self, ref: Ref) -> Ref:
        """What a reference means behind the loop: the last round's value."""
        if ref.node in self.places:
            return self._of_turn(ref, self.rounds - 1)
        return ref if ref.node < self.loop.end else Ref(ref.node + self._extra, ref.path)

    def option(self, value: object, is_later: bool) -> object:
        """A claim's option behind the loop; what is said of a later round and the first holds of the last two."""
        if isinstance(value, Ref):
            if is_later and self.rounds > 2 and value.node in self.successors:
                return self._of_turn(Ref(self.successors[value.node].id, value.path), self.rounds - 2)
            return self.after(value)
        return tuple(self.option(one, is_later) for one in value) if isinstance(value, tuple | list) else value

    def renumbered(self, numbers: Collection[int]) -> set[int]:
        """Node numbers behind the loop."""
        return {self.after(Ref(number)).node for number in numbers}

    @property
    def _extra(self) -> int:
        return (self.rounds - 2) * len(self.later)

    def _moved(self, loop: Loop) -> Loop:
        begin, start, later, end = (place + self._extra for place in (loop.begin, loop.start, loop.later, loop.end))
        return replace(loop, begin=begin, start=start, later=later, end=end)

    def _is_apart(self, other: Loop) -> bool:
        """Whether another loop comes later, and does not go through what this one collects."""
        if other.begin < self.loop.end:
            return False
        nodes = self.old.nodes[other.begin : other.end]
        return not any(self._is_first(ref) for node in nodes for ref in given_refs(node))

    def _copy(self, node: Node, turn: int) -> Node:
        number = self._of_turn(Ref(node.id), turn).node
        result = _mapped(node.result, lambda ref: Ref(number, ref.path))
        return replace(self._in_turn(node, turn), id=number, result=result)

    def _in_turn(self, node: Node, turn: int) -> Node:
        step = {self.loop.step: Dim.of(turn)}

        def put(value: Value) -> Value:
            return _mapped(value, lambda ref: self._ref_in_turn(ref, turn), lambda dim: dim.substitute(step))

        return replace(node, args=tuple(map(put, node.args)), kwargs={k: put(v) for k, v in node.kwargs.items()})

    def _ref_in_turn(self, ref: Ref, turn: int) -> Ref:
        if ref.node in self.places:
            return self._of_turn(ref, turn)
        if self._is_first(ref) and turn > 1:
            return self._of_turn(Ref(self.successors[ref.node].id, ref.path), turn - 1)
        is_sample = isinstance(self.old.nodes[ref.node].result, List) and ref.path == (1,)
        return Ref(ref.node, (turn,)) if is_sample else ref

    def _of_turn(self, ref: Ref, turn: int) -> Ref:
        """The reference in a copy of the later round, which itself is round 1."""
        if turn == 1:
            return ref
        return Ref(self.loop.end + (turn - 2) * len(self.later) + self.places[ref.node], ref.path)

    def _behind(self, node: Node) -> Node:
        args = tuple(map(self._value_behind, node.args))
        kwargs = {name: self._value_behind(value) for name, value in node.kwargs.items()}
        number = node.id + self._extra
        result = _mapped(node.result, lambda ref: Ref(number, ref.path))
        return replace(node, id=number, args=args, kwargs=kwargs, result=result)

    def _value_behind(self, value: Value) -> Value:
        if isinstance(value, List) and self._is_filled(value):
            last = value.items[1]
            later = [_mapped(last, partial(self._of_turn, turn=turn)) for turn in range(1, self.rounds)]
            return List([value.items[0], *later])
        if isinstance(value, Tuple) and value.ref is None:
            return replace(value, items=tuple(map(self._value_behind, value.items)))
        return _mapped(value, self.after)

    def _is_filled(self, value: List) -> bool:
        """Whether a list holds one item for each round of the loop."""
        if value.length is None or len(value.items) != 2:
            return False
        later = list(refs(value.items[1]))
        same = self.old.resolve(value.length) == self.old.resolve(self.loop.count)
        return same and bool(later) and all(ref.node in self.places for ref in later)

    def _is_first(self, ref: Ref) -> bool:
        return self.loop.begin <= ref.node < self.loop.later and ref.node not in self.places

    def _has_step(self, node: Node) -> bool:
        numbers = (one.dim for value in node.args for _, one in inside(value) if isinstance(one, Int))
        return any(self.loop.step in number.symbols for number in numbers)


def _holds_list(node: Node) -> bool:
    return any(isinstance(value, List) for value in (*node.args, *node.kwargs.values()))


def _mapped(value: Value, ref: Callable[[Ref], Ref], dim: Callable[[Dim], Dim] = lambda dim: dim) -> Value:
    """A value with its references and numbers changed."""
    if isinstance(value, Tensor | Packed | Layer):
        return value if value.ref is None else replace(value, ref=ref(value.ref))
    if isinstance(value, Int):
        return Int(dim(value.dim))
    if isinstance(value, Tuple) and value.ref is not None:
        value = replace(value, ref=ref(value.ref))
    return value.changed(lambda part: _mapped(part, ref, dim))
