"""Functions that iterate over an argument, or call one: `map`, `filter`, `next`, `reduce`, `chain`, checkpoints."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import partial
from math import prod

from shapelint.infer.known.table import builtin, external
from shapelint.infer.protocol import Site, call_value, rounds
from shapelint.infer.run.run import Run
from shapelint.infer.values.python.lists import grow
from shapelint.infer.values.rounds import member_of
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.infer.values.truth import truth_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, List, Tensor, Tuple, Value
from shapelint.syntax import facts


@builtin("map", least=2)
def map_(run: Run, site: Site) -> Value:
    """`map(function, *sequences)`."""
    followed = [rounds(run, arg, site.node) for arg in site.args[1:]]
    rows = zip(*(each.values for each in followed), strict=False)
    counts = [each.count for each in followed if each.count is not None]
    count = counts[0] if counts else None
    return List(_called_with_each(run, site, rows, count), count)


def _called_with_each(run: Run, site: Site, rows: Iterable[tuple[Value, ...]], count: Dim | None) -> list[Value]:
    """What a call's first argument gives of each of some arguments, of which there are `count`, if not these only."""
    given: list[Value] = []
    for number, row in enumerate(rows):
        with run.recorder.within(member_of(count, number)):
            given.append(call_value(run, site.args[0], Site(site.node, row)))
    return given


@builtin("filter", least=2, most=2)
def filter_(run: Run, site: Site) -> Value:
    """`filter(function, sequence)`, where it is known which items stay."""
    followed = rounds(run, site.args[1], site.node)
    rows = ((value,) for value in followed.values)
    answers = list(map(truth_of, _called_with_each(run, site, rows, followed.count)))
    if followed.count is not None or None in answers:
        return site.unknown(run, "a filtered sequence")
    return List([value for value, answer in zip(followed.values, answers, strict=True) if answer])


def _all_or_any(is_all: bool, run: Run, site: Site) -> Value:
    """`all(values)`, `any(values)`, where the values that are known decide it."""
    followed = rounds(run, site.args[0], site.node)
    answers = [truth_of(value) for value in followed.values]
    if (not is_all) in answers:
        return Bool(not is_all)
    is_known = followed.count is None and None not in answers
    return Bool(is_all) if is_known else site.unknown(run, "all() or any() of something unknown")


builtin("all", least=1, most=1)(partial(_all_or_any, True))
builtin("any", least=1, most=1)(partial(_all_or_any, False))


@builtin("next", least=1, most=2)
def next_(run: Run, site: Site) -> Value:
    """`next(iter(x))` is the first item; of an iterator that was made earlier it may be any."""
    source = site.node.arguments[0].value if isinstance(site.node, facts.Call) and site.node.arguments else None
    is_fresh = isinstance(source, facts.Call | facts.Comprehension)
    values = rounds(run, site.args[0], site.node).values if is_fresh else ()
    return values[0] if values else site.unknown(run, "the next item")


@external("functools.reduce", least=2, most=3)
def reduce(run: Run, site: Site) -> Value:
    """`functools.reduce(function, sequence[, first])`; of many items the shape must stay as it is."""
    followed = rounds(run, site.args[1], site.node)
    values = [*site.args[2:3], *followed.values]
    if not values:
        return site.unknown(run, "a reduction of nothing")
    total = before = values[0]
    for number, value in enumerate(values[1:]):
        with run.recorder.within(member_of(followed.count, number)):
            before, total = total, call_value(run, site.args[0], Site(site.node, (total, value)))
    is_steady = isinstance(before, Tensor) and isinstance(total, Tensor) and before.sizes == total.sizes
    return total if followed.count is None or is_steady else site.unknown(run, "a reduction of many")


@external("torch.utils.checkpoint.checkpoint", least=1)
def checkpoint(run: Run, site: Site) -> Value:
    """`checkpoint(function, *args)` calls the function."""
    options = ("use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug")
    passed = {name: value for name, value in site.kwargs.items() if name not in options}
    return call_value(run, site.args[0], Site(site.node, site.args[1:], passed))


@external("itertools.chain")
def chain(run: Run, site: Site) -> Value:
    """`itertools.chain(*sequences)`."""
    joined = List([])
    for arg in site.args:
        followed = rounds(run, arg, site.node)
        grow(joined, List(list(followed.values), followed.count))
    return joined


@external("itertools.chain.from_iterable", least=1, most=1)
def chain_from_iterable(run: Run, site: Site) -> Value:
    """`itertools.chain.from_iterable(sequences)`, where it is known which they are."""
    followed = rounds(run, site.args[0], site.node)
    known = followed.count is None
    return chain(run, Site(site.node, followed.values)) if known else site.unknown(run, "a chain of many")


@external("itertools.product")
def product(run: Run, site: Site) -> Value:
    """`itertools.product(*sequences)` of a few known items."""
    followed = [rounds(run, arg, site.node) for arg in site.args]
    if site.kwargs or prod(len(each.values) for each in followed) > MAX_ITEMS or any(each.count for each in followed):
        return site.unknown(run, "a product of many")
    return List([Tuple(items) for items in itertools.product(*(each.values for each in followed))])
