"""What following paths costs: it grows with the length of the code, and never explodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from followed import traces_of

from shapelint.infer import follow as following
from shapelint.infer.analyse import MAX_PATHS, MAX_TOTAL_STEPS, STEPS_OF_A_LINE
from shapelint.infer.follow import MAX_REPEATS
from shapelint.infer.plan import MAX_STEPS, Plan
from shapelint.infer.run.run import Run
from shapelint.trace.trace import Trace

HEAD = """\
import torch
from torch import nn

rnn = nn.LSTM(3, 4)
x = torch.randn(7, 2, 3)
"""
MODEL = """\
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, hidden, bidirectional=False, kind="a"):
        super().__init__()
        self.kind = kind
        self.rnn = nn.LSTM(3, hidden, bidirectional=bidirectional)

    def forward(self, x, mask=None):
        out, (h, c) = self.rnn(x)
"""


@dataclass
class Cost:
    """What an analysis did: its traces, and the runs behind them with their steps."""

    traces: list[Trace]
    runs: list[Run]

    @property
    def steps(self) -> int:
        return sum(run.steps for run in self.runs)


Measure = Callable[[str], Cost]


@pytest.fixture
def cost_of(monkeypatch: pytest.MonkeyPatch) -> Measure:
    def measure(text: str) -> Cost:
        runs: list[Run] = []
        once = following._run_once

        def counted(*given: Any) -> Run:
            runs.append(once(*given))
            return runs[-1]

        with monkeypatch.context() as patch:
            patch.setattr(following, "_run_once", counted)
            return Cost(traces_of(text, "paths.py"), runs)

    return measure


def forward(lines: list[str]) -> str:
    return MODEL + "".join(f"        {line}\n" for line in lines) + "        return out\n"


def branches(count: int) -> str:
    """A function with so many independent conditions."""
    return forward([line for i in range(count) for line in (f"if self.kind{i}:", "    out = out * 2")])


def calls(count: int) -> str:
    """So many functions that each call the next."""
    chain = "".join(f"def f{i}(v):\n    return f{i + 1}(v) + 1\n" for i in range(count))
    return HEAD + chain + f"def f{count}(v):\n    return v\ny = f0(rnn(x)[0])\n"


def doubling_calls(depth: int) -> str:
    """Functions that each call the next twice."""
    chain = "".join(f"def f{i}(v):\n    return f{i + 1}(v) + f{i + 1}(v)\n" for i in range(depth))
    return HEAD + chain + f"def f{depth}(v):\n    return v\ny = f0(rnn(x)[0])\n"


def loops(depth: int) -> str:
    """Loops inside loops over sequences of unknown length."""
    nest = [" " * 4 * i + f"for i{i} in range(x.size({i % 2})):" for i in range(depth)]
    return forward([*nest, " " * 4 * depth + "out = out + 1"])


def statements(count: int) -> str:
    return HEAD + "y = rnn(x)[0]\n" + "y = torch.relu(y)\n" * count


def called_in_turn(count: int) -> str:
    """So many functions with a branch each, called one after the other."""
    functions = "".join(f"def f{i}(v, k=1):\n    if k == {i}:\n        v = v * 2\n    return v\n" for i in range(count))
    return HEAD + functions + "y = rnn(x)[0]\n" + "".join(f"y = f{i}(y)\n" for i in range(count))


def collecting_loops(count: int) -> str:
    """So many loops over sequences of unknown length that each fill a list."""
    loop = ["parts = []", "for step in range(x.size(1)):", "    parts.append(out)", "out = torch.stack(parts)[0]"]
    return forward(loop * count)


def conditional_loops(count: int) -> str:
    return forward(["while out.sum() > 0:", "    out = out / 2"] * count)


def counted_loops(count: int) -> str:
    """So many loops whose condition is known."""
    return HEAD + "y = rnn(x)[0]\n" + "t = 0\nwhile t < 9:\n    y = y + t\n    t += 1\n" * count


def comprehensions(count: int) -> str:
    return HEAD + "y = rnn(x)[0]\n" + "y = torch.stack([a + b for a in y for b in [y[0], y[1]]])[:7]\n" * count


def generators(count: int) -> str:
    functions = "".join(f"def g{i}(v):\n    for step in v:\n        yield step\n" for i in range(count))
    return HEAD + functions + "y = rnn(x)[0]\n" + "".join(f"y = torch.stack(list(g{i}(y)))\n" for i in range(count))


def bases(count: int) -> str:
    """So many classes that each derive from the one before, and call its method."""
    first = "class C0(nn.Module):\n    def forward(self, v):\n        return rnn(v)\n"
    derived = "class C{}(C{}):\n    def forward(self, v):\n        return super().forward(v)\n"
    return HEAD + first + "".join(derived.format(i + 1, i) for i in range(count)) + f"C{count}()(x)\n"


CHAINS = [statements, branches, called_in_turn, collecting_loops, conditional_loops, counted_loops, comprehensions,
          generators, bases]  # fmt: skip


@pytest.mark.parametrize("program", CHAINS, ids=lambda program: program.__name__)
def test_the_steps_of_a_run_grow_linearly(program: Callable[[int], str], cost_of: Measure) -> None:
    few, some, many = (max(run.steps for run in cost_of(program(count)).runs) for count in (10, 100, 400))
    assert few < some < many
    assert some <= 11 * few
    assert many <= min(4.4 * some, MAX_STEPS + 1)


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_the_number_of_runs_does_not_grow_with_the_branches(count: int, cost_of: Measure) -> None:
    cost = cost_of(branches(count))
    entries = {run.trace.entry for run in cost.runs}
    assert len(cost.runs) <= len(entries) * 2 * MAX_PATHS * MAX_REPEATS
    assert len(cost.traces) <= len(entries) * 2 * MAX_PATHS


def test_an_entry_point_has_a_budget_whatever_its_branches(cost_of: Measure) -> None:
    cost = cost_of(branches(1000))
    assert all(run.steps <= MAX_STEPS + 1 for run in cost.runs)
    assert cost.steps <= 2 * (MAX_TOTAL_STEPS + MAX_REPEATS * MAX_STEPS)


def test_a_file_has_a_budget_whatever_it_builds(cost_of: Measure) -> None:
    first = "class M0(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = self.b = nn.LSTM(3, 3)\n"
    twice = "class M{0}(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    twice += "        self.a = M{1}()\n        self.b = M{1}()\n"
    forward = "    def forward(self, x):\n        return self.b(self.a(x)[0])[0]\n"
    text = HEAD + first + forward + "".join(twice.format(n, n - 1) + forward for n in range(1, 80))
    cost = cost_of(text)
    lines = text.count("\n") + 1
    assert cost.steps > lines * STEPS_OF_A_LINE / 2, "without a budget it would be more"
    assert cost.steps <= MAX_TOTAL_STEPS + lines * STEPS_OF_A_LINE + MAX_REPEATS * MAX_STEPS


def test_choices_that_were_turned_are_all_seen(cost_of: Measure) -> None:
    cost = cost_of(
        forward(["if mask is not None:", "    out = out * mask", "if self.kind == 'b':", "    out = out[-1]"])
    )
    taken = {tuple(sorted((d.subject, d.choice) for d in trace.decisions)) for trace in cost.traces}
    subjects = {subject for path in taken for subject, _ in path}
    assert {"bidirectional", "mask is None", "kind == 'b'"} <= subjects
    for subject in subjects:
        assert {choice for path in taken for name, choice in path if name == subject} == {True, False}


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_chain_of_calls_ends(count: int, cost_of: Measure) -> None:
    cost = cost_of(calls(count))
    assert max(run.steps for run in cost.runs) <= 200 + 20 * count


def test_calls_that_double_end_by_the_budget(cost_of: Measure) -> None:
    cost = cost_of(doubling_calls(14))
    assert all(run.steps <= MAX_STEPS + 1 for run in cost.runs)


@pytest.mark.parametrize("depth", [10, 50, 90])  # the parser takes no more levels
def test_nested_loops_do_not_explode(depth: int, cost_of: Measure) -> None:
    shallow, deep = (max(run.steps for run in cost_of(loops(count)).runs) for count in (3, depth))
    assert deep <= depth * shallow


def methods(depth: int) -> str:
    """So many methods with a branch each that each call the next; each is an entry point too."""
    method = "    def f{}(self, v):\n        if self.kind == {}:\n            v = v + 1\n        return self.f{}(v)\n"
    chain = "".join(method.format(i, i, i + 1) for i in range(depth))
    return forward(["out = self.f0(out)"]) + chain + f"    def f{depth}(self, v):\n        return v\n"


def test_all_runs_together_grow_linearly_with_chains_of_methods(cost_of: Measure) -> None:
    some, many = (cost_of(methods(depth)) for depth in (100, 1000))
    assert max(run.steps for run in many.runs) <= 11 * max(run.steps for run in some.runs)
    assert many.steps <= 11 * some.steps


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "def f(v):\n    return f(rnn(v)[0])\nf(x)\n",
        HEAD + "def f(v):\n    return g(v)\ndef g(v):\n    return f(rnn(v)[0])\nf(x)\n",
        HEAD + "f = lambda v: f(f(v))\nf(rnn(x)[0])\n",
        HEAD
        + "def g(v):\n    yield v\n    yield from g(v)\n    yield from h(v)\ndef h(v):\n    yield from g(rnn(v)[0])\nlist(g(x))\n",
        HEAD + "def d(f):\n    return lambda v: f(d(f)(v))\n@d\ndef g(v):\n    return g(v)\ng(x)\n",
        HEAD
        + "class P:\n    @property\n    def p(self):\n        return self.q\n    @property\n    def q(self):\n        return self.p\nP().p\n",
        HEAD
        + "class M(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.inner = M()\n    def forward(self, v):\n        return self.inner(v)\nM()(x)\n",
        HEAD
        + "class A:\n    def a(self):\n        return self.b() + self.b()\n    def b(self):\n        return self.a() + self.a()\nA().a()\n",
    ],
)
def test_recursion_ends(text: str, cost_of: Measure) -> None:
    cost = cost_of(text)
    assert max(run.steps for run in cost.runs) < 2000


def test_a_path_is_repeated_only_while_it_demands_more_of_its_inputs(cost_of: Measure) -> None:
    cost = cost_of(forward(["b = x + 1", "c = b.permute(1, 0, 2)"]))
    plans: dict[tuple[str, tuple[object, ...]], list[Plan]] = {}
    for run in cost.runs:
        plans.setdefault((run.trace.entry, tuple(run.plan.choices.items())), []).append(run.plan)
    assert max(map(len, plans.values())) == 2
    # paths that turn a choice inherit what the first one learnt of its inputs
    assert [len(runs) for (entry, choices), runs in plans.items() if choices] == [1]
