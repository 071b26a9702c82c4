"""Builtins that make, measure or go through sequences."""

from __future__ import annotations

from functools import partial

from shapelint.infer.code.arithmetic import binary
from shapelint.infer.known.table import builtin
from shapelint.infer.protocol import Site, rounds
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Container, Iteration, Range, ShapeOf
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import loop_length
from shapelint.shapes.value import Dict, Int, List, Tensor, Tuple, Unknown, Value, integer
from shapelint.syntax import facts


@builtin("range", least=1, most=3)
def _range(run: Run, site: Site) -> Value:
    bounds = [arg.dim for arg in site.args if isinstance(arg, Int | Unknown)]
    if len(bounds) != len(site.args):
        return site.unknown_result(run)
    step = bounds[2].constant if len(bounds) == 3 else 1
    if not step:
        return site.unknown_result(run)
    start, stop = (Dim.of(0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    return Range(start, stop, step)


@builtin("iter", least=1, most=1)
def _iter(run: Run, site: Site) -> Value:
    return site.args[0]


@builtin("zip")
def _zip(run: Run, site: Site) -> Value:
    return Iteration("zip", site.args)


@builtin("enumerate", least=1, most=2)
def _enumerate(run: Run, site: Site) -> Value:
    start = site.args[1] if len(site.args) > 1 else site.kwargs.get("start", integer(0))
    return Iteration("enumerate", site.args[:1], start)


@builtin("reversed", least=1, most=1)
def _reversed(run: Run, site: Site) -> Value:
    value = site.args[0]
    if isinstance(value, Range) and value.step == 1:
        return Range(value.stop - Dim.of(1), value.start - Dim.of(1), -1)
    return Iteration("reversed", site.args)


def _items_of(run: Run, value: Value, node: facts.Expression) -> Tuple | List | None:
    """What is iterated over as a sequence; None where it is not known."""
    if isinstance(value, Container):
        return List(list(value.members.values()), value.length)
    if isinstance(value, Iteration | Range | Tensor):
        followed = rounds(run, value, node)
        return List(list(followed.values), followed.count)
    return value if isinstance(value, Tuple | List) else None


def _made_of_items(name: str, run: Run, site: Site) -> Value:
    if not site.args:
        return Tuple(()) if name == "tuple" else List([])
    if isinstance(site.args[0], ShapeOf):
        return site.args[0]
    sequence = _items_of(run, site.args[0], site.node)
    if sequence is None:
        return site.unknown_result(run)
    length = loop_length(sequence)
    return Tuple(tuple(sequence.items)) if name == "tuple" and length is None else List(list(sequence.items), length)


for _name in ("list", "tuple"):
    builtin(_name, most=1)(partial(_made_of_items, _name))


@builtin("sorted", least=1, most=1)
def _sorted(run: Run, site: Site) -> Value:
    """Numbers that are known are put in order; of other items it is not known which comes first."""
    made = _made_of_items("list", run, site)
    if not isinstance(made, List) or not any(isinstance(item, Int) for item in made.items):
        return made
    numbers = [item.dim.constant if isinstance(item, Int) else None for item in made.items]
    known = [number for number in numbers if number is not None]
    if site.kwargs or made.length is not None or len(known) < len(numbers):
        return site.unknown_result(run)
    return List([integer(number) for number in sorted(known)])


@builtin("set", most=1)
def _set(run: Run, site: Site) -> Value:
    """A set of constants is the list of its members; how many others there are is not known."""
    made = _made_of_items("list", run, site)
    if not isinstance(made, List) or len(made.items) + (made.length is not None) < 2:
        return made
    members = {constant_key(item): item for item in made.items}
    if None in members or made.length is not None:
        return site.unknown_result(run)
    return List(list(members.values()))


@builtin("dict", most=1)
def _dict(run: Run, site: Site) -> Value:
    made = Dict({})
    if site.args:
        given = site.args[0] if isinstance(site.args[0], Dict) else _dict_of_pairs(run, site.args[0], site.node)
        made = Dict(dict(given.items), given.open)
    made.items.update((name, value) for name, value in site.kwargs.items() if name != "**")
    made.open = made.open or "**" in site.kwargs
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


def _extreme(name: str, run: Run, site: Site) -> Value:
    values = site.args[0].items if len(site.args) == 1 and isinstance(site.args[0], Tuple | List) else site.args
    if site.kwargs:
        return site.unknown_result(run)
    constants = [v.dim.constant if isinstance(v, Int) else None for v in values]
    known = [c for c in constants if c is not None]
    if len(known) == len(constants) and known:
        return integer(max(known) if name == "max" else min(known))
    if values and all(isinstance(v, Int) for v in values):
        return Int(Dim.symbol(run.key_of(site.node)))
    return site.unknown_result(run)


for _name in ("max", "min"):
    builtin(_name, least=1)(partial(_extreme, _name))


@builtin("sum", least=1, most=2)
def _sum(run: Run, site: Site) -> Value:
    value, *start = site.args
    if not isinstance(value, Tuple | List) or site.kwargs:
        return site.unknown_result(run)
    items = [*start, *value.items]
    sizes = [item.dim for item in items if isinstance(item, Int)]
    if loop_length(value) is None and len(sizes) == len(items):
        return Int(sum(sizes, Dim.of(0)))
    if value.items and all(isinstance(item, Tensor) for item in value.items):
        total: Value = items[0]
        for item in items[1:]:
            total = binary(run, total, "+", item, site.node)
        return total
    return site.unknown_result(run)
