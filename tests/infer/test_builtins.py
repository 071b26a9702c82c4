"""Functions that are known by name: called with anything they are Unknown at worst, and what they give is Python's."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from shapelint.infer.analyse import analyse
from shapelint.infer.known.table import BUILTINS, EXTERNALS
from shapelint.infer.library import Library
from shapelint.infer.plan import BudgetSpent, Plan, Raised
from shapelint.infer.protocol import Site, call_value, rounds, truth, unrolled
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Builtin, Instance, Partial
from shapelint.infer.values.scopes import Home
from shapelint.shapes.value import External, Tensor, Tuple, Value
from shapelint.source import Problem, Source, Span
from shapelint.syntax import facts
from shapelint.syntax.parse import parse
from shapelint.trace.trace import Trace

KINDS_OF_VALUES = """\
import torch, types, functools, collections
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
class Model(nn.Module):
    def __init__(self): self.rnn = nn.LSTM(3, 4)
    def forward(self, x): return self.rnn(x)
class Iterable:
    def __iter__(self): return iter([self])
    def __len__(self): return self
def generator():
    yield 3
def itself(*a, **k): return itself
Record = collections.namedtuple("Record", "a b")
x = torch.zeros(7, 2, 3)
rnn = nn.LSTM(3, 4)
values = (
    3, -1, 0, 10 ** 30, 2.5, float("nan"), "a", "", None, True, ..., slice(1), x, x[0, 0, 0], x > 0, rnn, rnn(x),
    pack_padded_sequence(x, [7, 7]), [], [1, 2], [x, x], (), (1,), {}, {"a": 1}, {1: x}, unknown, unknown.size(0),
    x.size(0), x.shape, unknown.shape, lambda a: a, itself, Model, Model(), Iterable(), generator(), range(3), range(x.size(0)),
    zip([1], [2]), enumerate([]), zip(), reversed((1, 2)), nn, nn.LSTM, nn.ModuleList([rnn]), nn.Sequential(rnn), torch.float,
    len, functools.partial(len), types.SimpleNamespace(a=1), Record, Record(1, x), [0] * 100, range(10 ** 9), set([1]), x.relu,
)
"""


def run_of(text: str) -> tuple[Run, dict[str, Value]]:
    source = Source("values.py", text)
    module = parse(source)
    assert not isinstance(module, Problem)
    traces = analyse(module, source)
    run = Run.of(
        Trace("values.py", "module", text=text), Home.of(source, module), Library(parse, lambda *_: None), Plan()
    )
    return run, {binding.name: binding.value for trace in traces for binding in trace.bindings}


RUN, NAMES = run_of(KINDS_OF_VALUES)
VALUES = NAMES["values"]
assert isinstance(VALUES, Tuple)
PLACE = Span(1, 0, 1, 5)
NODE = facts.Call(PLACE, facts.Name(PLACE, "f"), (), PLACE)


def look_at(run: Run, value: Value) -> None:
    """What code does with a value: go through it, ask for its truth, give it on."""
    for item in rounds(run, value, NODE).values:
        unrolled(run, item, NODE)
    truth(run, value, NODE)


def try_call(function: Value, args: tuple[Value, ...], kwargs: dict[str, Value]) -> None:
    run = Run.of(Trace("values.py", "module"), RUN.recorder.home, RUN.library, Plan())
    with suppress(BudgetSpent, Raised, RecursionError, OverflowError):
        look_at(run, call_value(run, function, Site(NODE, args, kwargs)))


def argument_lists() -> list[tuple[Value, ...]]:
    choice = random.Random(0)
    longer = [tuple(choice.choices(VALUES.items, k=count)) for count in (2, 3, 4) for _ in range(150)]
    return [(), *((value,) for value in VALUES.items), *longer]


FUNCTIONS: dict[str, Value] = {name: Builtin(name) for name in BUILTINS} | {path: External(path) for path in EXTERNALS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_arguments_are_taken(name: str) -> None:
    for args in argument_lists():
        try_call(FUNCTIONS[name], args, {})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_arguments_are_taken_through_another_function(name: str) -> None:
    function = FUNCTIONS[name]
    for value in VALUES.items:
        try_call(Builtin("map"), (function, value), {})
        try_call(Builtin("filter"), (function, value), {})
        try_call(Builtin("sorted"), (value,), {"key": function})
        try_call(External("functools.reduce"), (function, value), {})
        try_call(Partial(function, (value,), {}), (), {})
        try_call(function, (), {"start": value, "key": value, "default": value, "**": value})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_text_of_a_call_does_not_tell_what_is_called(name: str) -> None:
    """Called by any other name it gives the same: a value has its kind, and an unknown one its reason."""
    for value in VALUES.items:
        results = []
        for written in (name.rpartition(".")[2], "min", "something"):
            node = facts.Call(PLACE, facts.Name(PLACE, written), (), PLACE)
            run = Run.of(Trace("values.py", "module"), RUN.recorder.home, RUN.library, Plan())
            with suppress(BudgetSpent, Raised, RecursionError, OverflowError):
                results.append(repr(call_value(run, FUNCTIONS[name], Site(node, (value,)))))
        assert len(set(results)) <= 1


def test_every_kind_of_value_is_there() -> None:
    kinds = {type(value).__name__ for value in VALUES.items}
    assert len(kinds) >= 25, sorted(kinds)
    assert any(isinstance(value, Instance) for value in VALUES.items)


PYTHON = (
    "[i for i, _ in enumerate([1, 2, 3], 5)]",
    "[i for i, _ in enumerate([1, 2], start=3)]",
    "sorted([3, 1, 2])",
    "list(set([1, 1, 2]))",
    "[sum([1, 2], 3), sum((4, 5)), sum([], 6)]",
    "list(map(list, [[1], [2]]))[1]",
    "list(reversed([1, 2]))",
    "list((lambda r: r([1, 2]))(reversed))",
    "[max([1, 5, 2]), min(4, 3), max(2, 7)]",
    "list(map(max, [[1, 2], [4, 3]]))",
    "list(map(max, [(3, 5)])) + list(map(min, [(3, 5)]))",
    "[biggest(3, 5) for biggest in (max, min)]",
    "[1 if all([1, 2]) else 2, 1 if any([0, 0]) else 2]",
    "[1 if a else 2 for a in map(any, [[0], [1]])]",
    "[a + b for a, b in zip([1, 2], range(2))]",
    "list(tuple(iter([1, 2])))",
    "[number + 1 for number in map(len, [[1], [1, 2]])]",
    "list(dict(a=1, b=2).values())",
    "list(range(5, 1, -2))",
    "list(divmod(17, 5)) + [pow(2, 3), abs(-4), round(2.6), int(3.9)]",
)


def sizes(text: str) -> list[int | None]:
    """The numbers of a list that a program makes, read off a tensor that has them for its sizes."""
    _, names = run_of(f"import torch\nx = torch.zeros(f(3), 3)\nmade = torch.zeros({text})\n")
    made = names.get("made")
    return [size.constant for size in made.sizes] if isinstance(made, Tensor) else []


@pytest.mark.parametrize("text", PYTHON)
def test_what_they_give_is_what_python_gives(text: str) -> None:
    assert sizes(text) == eval(text)


UNTOLD = (
    "sorted([x.size(0), 1])",
    "list(set([x.size(0), 1]))",
    "[max([1, 2], key=f)]",
    "sorted([1, 2], key=f)",
    "iter(f, 3)",
)


@pytest.mark.parametrize("text", UNTOLD)
def test_what_cannot_be_told_is_unknown(text: str) -> None:
    assert not any(size is not None for size in sizes(text))


def test_a_loop_over_a_call_without_arguments() -> None:
    run_of("import torch.nn as nn\nl = nn.LSTM(3, 4)\nfor i, x in enumerate(): pass\n")
