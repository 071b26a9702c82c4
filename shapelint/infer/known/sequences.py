"""Builtins that make, measure or go through sequences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from shapelint.infer.code.arithmetic import binary
from shapelint.infer.code.loops import rounds
from shapelint.infer.known.builtins import builtin, unknown_result
from shapelint.infer.known.table import Arguments
from shapelint.infer.state import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Container, Iteration, Range, ShapeOf
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, Int, List, Tensor, Tuple, Unknown, Value, integer
from shapelint.syntax import facts


@builtin("range", least=1, most=3)
def _range(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    bounds = [arg.dim for arg in args if isinstance(arg, Int | Unknown)]
    if len(bounds) != len(args):
        return unknown_result(run, node, "range")
    step = bounds[2].constant if len(bounds) == 3 else 1
    if not step:
        return unknown_result(run, node, "range")
    start, stop = (Dim.of(0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    return Range(start, stop, step)


@builtin("iter", least=1, most=1)
def _iter(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    return args[0]


@builtin("zip")
def _zip(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    return Iteration("zip", args)


@builtin("enumerate", least=1, most=2)
def _enumerate(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    start = args[1] if len(args) > 1 else kwargs.get("start", integer(0))
    return Iteration("enumerate", args[:1], start)


@builtin("reversed", least=1, most=1)
def _reversed(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value = args[0]
    if isinstance(value, Range) and value.step == 1:
        return Range(value.stop - Dim.of(1), value.start - Dim.of(1), -1)
    return Iteration("reversed", args)


def _items_of(run: Run, value: Value, node: facts.Expression) -> Tuple | List | None:
    """What is iterated over as a sequence; None where it is not known."""
    if isinstance(value, Container):
        return List(list(value.members.values()), value.length)
    if isinstance(value, Iteration | Range | Tensor):
        followed = rounds(run, value, node)
        return List(list(followed.values), followed.count)
    return value if isinstance(value, Tuple | List) else None


def _made_of_items(name: str, run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    if not args:
        return Tuple(()) if name == "tuple" else List([])
    if isinstance(args[0], ShapeOf):
        return args[0]
    sequence = _items_of(run, args[0], node)
    if sequence is None:
        return unknown_result(run, node, name)
    length = sequence.length if isinstance(sequence, List) else None
    return Tuple(tuple(sequence.items)) if name == "tuple" and length is None else List(list(sequence.items), length)


for _name in ("list", "tuple"):
    builtin(_name, most=1)(partial(_made_of_items, _name))


@builtin("sorted", least=1, most=1)
def _sorted(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """Numbers that are known are put in order; of other items it is not known which comes first."""
    made = _made_of_items("list", run, args, kwargs, node)
    if not isinstance(made, List) or not any(isinstance(item, Int) for item in made.items):
        return made
    numbers = [item.dim.constant if isinstance(item, Int) else None for item in made.items]
    known = [number for number in numbers if number is not None]
    if kwargs or made.length is not None or len(known) < len(numbers):
        return unknown_result(run, node, "sorted")
    return List([integer(number) for number in sorted(known)])


@builtin("set", most=1)
def _set(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """A set of constants is the list of its members; how many others there are is not known."""
    made = _made_of_items("list", run, args, kwargs, node)
    if not isinstance(made, List) or len(made.items) + (made.length is not None) < 2:
        return made
    members = {constant_key(item): item for item in made.items}
    if None in members or made.length is not None:
        return unknown_result(run, node, "set")
    return List(list(members.values()))


@builtin("dict", most=1)
def _dict(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    made = Dict({})
    if args:
        given = args[0] if isinstance(args[0], Dict) else _dict_of_pairs(run, args[0], node)
        made = Dict(dict(given.items), given.open)
    made.items.update((name, value) for name, value in kwargs.items() if name != "**")
    made.open = made.open or "**" in kwargs
    return made


def _dict_of_pairs(run: Run, value: Value, node: facts.Expression) -> Dict:
    """`dict(zip(names, sizes))`; open where not all pairs are known."""
    followed = rounds(run, value, node)
    made = Dict({}, open=followed.count is not None)
    for pair in followed.values:
        items = pair.items if isinstance(pair, Tuple | List) else []
        key = constant_key(items[0]) if len(items) == 2 else None
        made.open = made.open or key is None
        if key is not None:
            made.items[key] = items[1]
    return made


def _extreme(name: str, run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    values = args[0].items if len(args) == 1 and isinstance(args[0], Tuple | List) else args
    if kwargs:
        return unknown_result(run, node, name)
    constants = [v.dim.constant if isinstance(v, Int) else None for v in values]
    known = [c for c in constants if c is not None]
    if len(known) == len(constants) and known:
        return integer(max(known) if name == "max" else min(known))
    if values and all(isinstance(v, Int) for v in values):
        return Int(Dim.symbol(run.key_of(node)))
    return unknown_result(run, node, name)


for _name in ("max", "min"):
    builtin(_name, least=1)(partial(_extreme, _name))


@builtin("sum", least=1, most=2)
def _sum(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    value, *start = args
    if not isinstance(value, Tuple | List) or kwargs:
        return unknown_result(run, node, "sum")
    items = [*start, *value.items]
    sizes = [item.dim for item in items if isinstance(item, Int)]
    exact = isinstance(value, Tuple) or value.length is None
    if exact and len(sizes) == len(items):
        return Int(sum(sizes, Dim.of(0)))
    if value.items and all(isinstance(item, Tensor) for item in value.items):
        total: Value = items[0]
        for item in items[1:]:
            total = binary(run, total, "+", item, node)
        return total
    return unknown_result(run, node, "sum")
