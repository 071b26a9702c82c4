"""Functions that iterate over an argument, or call one: `map`, `filter`, `next`, `reduce`, `chain`, checkpoints."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial
from math import prod

from shapelint.infer.code.calls import call_value
from shapelint.infer.code.loops import rounds
from shapelint.infer.known.builtins import builtin
from shapelint.infer.known.externals import external_call
from shapelint.infer.known.table import Arguments
from shapelint.infer.state import Run
from shapelint.infer.values.constants import truth_of
from shapelint.infer.values.methods import grow
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.shapes.value import Bool, List, Tensor, Tuple, Unknown, Value
from shapelint.syntax import facts


@builtin("map", least=2)
def map_(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`map(function, *sequences)`."""
    followed = [rounds(run, arg, node) for arg in args[1:]]
    rows = zip(*(each.values for each in followed), strict=False)
    counts = [each.count for each in followed if each.count is not None]
    return List([call_value(run, args[0], row, {}, node) for row in rows], counts[0] if counts else None)


@builtin("filter", least=2, most=2)
def filter_(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`filter(function, sequence)`, where it is known which items stay."""
    followed = rounds(run, args[1], node)
    answers = [truth_of(call_value(run, args[0], (value,), {}, node)) for value in followed.values]
    if followed.count is not None or None in answers:
        return Unknown(run.key_of(node), "a filtered sequence")
    return List([value for value, answer in zip(followed.values, answers, strict=True) if answer])


def _all_or_any(is_all: bool, run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`all(values)`, `any(values)`, where the values that are known decide it."""
    followed = rounds(run, args[0], node)
    answers = [truth_of(value) for value in followed.values]
    if (not is_all) in answers:
        return Bool(not is_all)
    is_known = followed.count is None and None not in answers
    return Bool(is_all) if is_known else Unknown(run.key_of(node), "all() or any() of something unknown")


builtin("all", least=1, most=1)(partial(_all_or_any, True))
builtin("any", least=1, most=1)(partial(_all_or_any, False))


@builtin("next", least=1, most=2)
def next_(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`next(iter(x))` is the first item; of an iterator that was made earlier it may be any."""
    source = node.arguments[0].value if isinstance(node, facts.Call) and node.arguments else None
    is_fresh = isinstance(source, facts.Call | facts.Comprehension)
    values = rounds(run, args[0], node).values if is_fresh else ()
    return values[0] if values else Unknown(run.key_of(node), "the next item")


@external_call("functools.reduce", least=2, most=3)
def reduce(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`functools.reduce(function, sequence[, first])`; of many items the shape must stay as it is."""
    followed = rounds(run, args[1], node)
    values = [*args[2:3], *followed.values]
    if not values:
        return Unknown(run.key_of(node), "a reduction of nothing")
    total = before = values[0]
    for value in values[1:]:
        before, total = total, call_value(run, args[0], (total, value), {}, node)
    is_steady = isinstance(before, Tensor) and isinstance(total, Tensor) and before.sizes == total.sizes
    return total if followed.count is None or is_steady else Unknown(run.key_of(node), "a reduction of many")


@external_call("torch.utils.checkpoint.checkpoint", least=1)
def checkpoint(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`checkpoint(function, *args)` calls the function."""
    options = ("use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug")
    passed = {name: value for name, value in kwargs.items() if name not in options}
    return call_value(run, args[0], args[1:], passed, node)


@external_call("itertools.chain")
def chain(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`itertools.chain(*sequences)`."""
    joined = List([])
    for arg in args:
        followed = rounds(run, arg, node)
        grow(joined, List(list(followed.values), followed.count))
    return joined


@external_call("itertools.chain.from_iterable", least=1, most=1)
def chain_from_iterable(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`itertools.chain.from_iterable(sequences)`, where it is known which they are."""
    followed = rounds(run, args[0], node)
    known = followed.count is None
    return chain(run, followed.values, {}, node) if known else Unknown(run.key_of(node), "a chain of many")


@external_call("itertools.product")
def product(run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
    """`itertools.product(*sequences)` of a few known items."""
    followed = [rounds(run, arg, node) for arg in args]
    if kwargs or prod(len(each.values) for each in followed) > MAX_ITEMS or any(each.count for each in followed):
        return Unknown(run.key_of(node), "a product of many")
    return List([Tuple(items) for items in itertools.product(*(each.values for each in followed))])
