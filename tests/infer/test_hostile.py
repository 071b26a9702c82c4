"""Checked code may be anything: it is never run, nothing of its sizes is allocated, and analysis always ends."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from followed import traces_of
from fuzzing.mutations import Mutation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layer_scripts import HEAD, script
from root import ROOT

from shapelint.infer.analyse import analyse
from shapelint.report.shapes.rows import rows_of
from shapelint.source import Problem, Source
from shapelint.syntax.parse import parse

FIXTURES = sorted((ROOT / "fixtures" / "inference").glob("*.py"))

MODEL = textwrap.dedent(
    """
    class Model(nn.Module):
        def __init__(self, hidden=4):
            super().__init__()
            self.rnn = nn.LSTM(3, hidden)

        def forward(self, x):
            out, h = self.rnn(x)
    """
)


def in_forward(*lines: str) -> str:
    """A model whose forward goes on with these lines."""
    return HEAD + MODEL + "".join(f"        {line}\n" for line in lines)


PROGRAMS = {
    "literals of many digits": script(f"n = {'9' * 4000}\ny = nn.LSTM(n, n)(torch.zeros(7, 2, n))\n"),
    "huge powers": script("n = 10**10**10\nm = 2**2**2**2**2**2\nnn.LSTM(n, m)\nk = (10**100)**50\nz = 3**(2**70)\n"),
    "a number that squares itself": script("n = 10\n" + "n = n * n\n" * 200 + "torch.zeros(n)\n"),
    "a size that squares itself": in_forward(
        "n, m = x.size(0), x.size(1)", *["n = n * n + m"] * 60, "return x.view(n)"
    ),
    "products of sums": in_forward(
        "n, m = x.size(0), x.size(1)", *["n = (n + m) * (m + n + 1)"] * 40, "return x.view(n)"
    ),
    "deep parentheses": in_forward("return " + "(" * 150 + "out" + ")" * 150),
    "deep lists": in_forward("return " + "[" * 150 + "out" + "]" * 150),
    "a long attribute chain": in_forward("return out" + ".a" * 500),
    "a long call chain": in_forward("return out" + ".relu()" * 400),
    "a long subscript chain": in_forward("return out" + "[0]" * 400),
    "a long sum": in_forward("return " + "+".join(["out"] * 1000)),
    "a long disjunction": in_forward("return " + " or ".join(["out"] * 1000)),
    "a long comparison": in_forward("return " + " < ".join(["out"] * 1000)),
    "a long conditional": in_forward("return " + " if x else ".join(["out"] * 601)),
    "a long elif chain": in_forward("if x == 1: y = 1", *[f"elif x == {i}: y = {i}" for i in range(400)], "return out"),
    "deep branches": HEAD + MODEL + "".join(" " * (8 + i) + "if x:\n" for i in range(90)) + " " * 100 + "pass\n",
    "a class that derives from itself": script(
        """
        class A(A): pass
        class B(B, nn.Module):
            def forward(self, x):
                return rnn(x)
        B()(x)
        """
    ),
    "a cycle of classes": script(
        """
        class A: pass
        class B(A): pass
        class A(B):
            def f(self): return self.f()
        A().f()
        """
    ),
    "builtins are shadowed": script(
        """
        len = 3
        range = super = tuple = None
        isinstance = lambda *a: a
        for i in range(len(x)):
            x = x + i
        isinstance(x, tuple)
        """
    ),
    "recursion": in_forward("return self.forward(x)")
    + "def f(x): return g(x)\ndef g(x): return f(x)\nf(nn.LSTM(3, 4))\n",
    "huge repetitions": script(
        """
        for i in range(10**12):
            y = rnn(x)
        a = [0] * 10**9
        b = "a" * 10**9
        c = (1,) * 10**9
        d = [x for x in range(10**15)]
        e = list(range(10**9))
        torch.zeros([1] * 10**8)
        """
    ),
    "division by zero": script(
        "a = 1 // 0\nb = 1 % 0\nc = 5 / 0\nd = 1.0 / 0\ne = 0 ** -1\nnn.LSTM(a, b)\ntorch.zeros(c)\n1 << 10**10\n"
    ),
    "sizes that are none": script(
        """
        nn.LSTM(-3, -4, -1)
        torch.zeros(-1)
        nn.LSTM("a", "b")
        nn.LSTM(None, [])
        nn.LSTM()
        nn.LSTM(3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
        nn.LSTM(3, hidden_size=4, foo=5)
        nn.LSTM(3, 0)
        """
    ),
    "stars everywhere": script(
        """
        *a, b = [1]
        (*a,) = ()
        [*x] = rnn
        a, (b, (c, *d)), e = rnn(torch.zeros(7, 2, 3))
        f = [*a, *b]
        g = {**a}
        print(*a, **b)
        nn.LSTM(*a)
        nn.LSTM(**a)
        nn.LSTM(*a, **a)
        """
    ),
    "lambda defaults": script(
        "f = lambda x=nn.LSTM(3, 4), *a, k=lambda: 3, **kw: x(k())\nf()\nf(1, 2, 3)\nf(k=3)\n(lambda: (yield))()\n"
    ),
    "forward is no function": script(
        """
        class M(nn.LSTM): forward = 3
        class N(nn.Module): forward = nn.LSTM(3, 4)
        class O: pass
        class P(nn.LSTM): __init__ = None
        M(3, 4)(x)
        N()(x)
        O()()
        O.x.y.z
        P()
        """
    ),
    "metaclasses and raising decorators": script(
        """
        class Meta(type):
            def __call__(cls, *a): return 3
        class M(nn.LSTM, metaclass=Meta):
            def forward(self, x): return super().forward(x)
        M(3, 4)(x)
        def bad(f): raise ValueError
        def itself(f): return itself
        @itself
        @itself
        def g(): return rnn(x)
        g()()()
        class A:
            @property
            def a(self): return self.a
        A().a
        @undefined[0]
        def h(): pass
        @bad
        def i(x): return rnn(x)
        """
    ),
    "monstrous arguments": script(
        """
        x[..., ..., 0]; x[()]; x[[[[[0]]]]]; x[None, ..., None, 0, ::-1]; x["a"]; x[1.5]; x[x]; x[x > 0]; x[True]
        x[:, :, :, :, 0]; x[10**30]; x[0:10**30:10**20]; x[{}]; x[rnn]; x[rnn:rnn]; x[None if x else 3]
        x.view(0, -1); x.view(-1, -1); x.view(); x.permute(0, 0, 0); x.permute(); x.transpose(); x.reshape(-2)
        x.expand(-1); x.repeat(); x.squeeze(50); x.unsqueeze(-50); x.chunk(0); x.split(0); x.split([])
        torch.cat([]); torch.cat(3); torch.stack([1]); torch.einsum("...", x); torch.einsum("", x); torch.einsum(3)
        rnn(rnn); rnn(); rnn(x, x, x); rnn(x, (x,)); rnn(x, None); rnn(3)
        """
    ),
    "endless loops": script("while True:\n    while rnn:\n        while 1:\n            rnn = rnn(rnn)\n"),
    "containers that hold themselves": script(
        """
        d = {}
        d["a"] = d
        a = [1]
        a.append(a)
        for b in a:
            a.append(b)
        nn.LSTM(a, d)
        torch.zeros(a)
        torch.cat(a)
        a += a
        a.extend(a)
        a[0] = a
        c = nn.ModuleList([rnn])
        c.append(c)
        c += c
        for e in c: e(x)
        s = nn.Sequential()
        s.append(s)
        s(x)
        """
    ),
    "sequences that double": script(
        "a = [1]\nt = (1,)\ns = 'a'\n" + "a += a\na = a + a\nt = t + t\ns = s + s\n" * 60 + "torch.zeros(a)\n"
    ),
    "dicts that double": script("d = {}\n" + "d = {'a': d, 'b': d}\n" * 60 + "nn.LSTM(d, 3)\ntorch.cat(d)\nrnn(d)\n"),
    "tuples that double": script("d = ()\n" + "d = (d, d)\n" * 60 + "nn.LSTM(d, 3)\ntorch.cat(d)\nrnn(d)\nprint(d)\n"),
    "results that double": script("d = rnn(x)\n" + "d = (d, d)\n" * 60 + "rnn(d)\n"),
    "many axes": script("x = torch.zeros(2, 2)\n" + "x = torch.stack([x, x])\n" * 50 + "x.view(-1)\nx.unsqueeze(0)\n"),
    "partials of themselves": script(
        "from functools import partial\nf = partial(f, 1)\ng = partial(partial)\ng = partial(g, g)\ng()\np = partial(lambda: p())\np()\n"
    ),
    "builtins without arguments": script(
        """
        map(nn.LSTM, [1], [2]); map(); map(3); sum(); sum([[]]); max([]); max(3); min(); len(); len(3); range()
        range(1, 2, 0); zip(); list(zip()); enumerate(); list(enumerate(3)); reversed(); list(reversed(3)); isinstance(3)
        getattr(3); setattr(3, 4); int("a"); int(); float("x"); str(); super(); super(3, 4); tuple(3); dict(3); sorted(3)
        for a, b in zip([1], []): pass
        for a, b, c in enumerate(range(3)): pass
        int(float("inf")); int(1e400)
        """
    ),
    "patterns": script(
        "match rnn:\n    case nn.LSTM(): pass\n    case {'a': 1, **r}: pass\n    case [1, *x]: pass\n    case 1 | 2: pass\n    case _ if x: pass\n"
    ),
    "global and deleted names": script(
        "def f():\n    global y, torch\n    y = rnn\n    torch = 3\nf()\ny(torch)\ndel torch, f, x.y, x[0]\n"
    ),
    "coroutines": script(
        "async def f():\n    async for x in rnn: yield x\n    async with x as y: await y\n    return [a async for a in x]\nf()\n"
    ),
    "broken records": script(
        """
        from collections import namedtuple
        from typing import NamedTuple
        A = namedtuple("A", "")
        B = namedtuple("B", ["a", 3])
        C = namedtuple("C", "a b", defaults=(1, 2, 3))
        C(); C(1, 2, 3)
        class D(NamedTuple): pass
        D(1)
        class E(D): x: int = rnn
        E().x
        class F(C): pass
        F(1, 2).a
        """
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_analysis_ends_and_what_it_traced_can_be_shown(name: str) -> None:
    rows_of(traces_of(PROGRAMS[name]))


def test_nothing_of_the_checked_code_runs(tmp_path: Path) -> None:
    canary = tmp_path / "touched"
    program = f"import os\nos.system('touch {canary}')\nopen({str(canary)!r}, 'w')\n" + in_forward("return out[-1]")
    checked = tmp_path / "checked.py"
    checked.write_text(program)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "shapelint",
            "check",
            str(checked),
            "--verify",
            "require",
            "--output-format",
            "json",
        ],
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["summary"]["checked"] == 1, done.stderr
    assert not canary.exists()


def test_a_gigantic_model_allocates_nothing(tmp_path: Path) -> None:
    checked = tmp_path / "gigantic.py"
    checked.write_text(
        HEAD
        + "rnn = nn.LSTM(3, 10**9, 10**6)\nx = torch.zeros(10**6, 10**6, 3)\n"
        + "out, (h, c) = rnn(x)\ny = nn.Linear(10**9 + 1, 2)(out)\n"
    )
    limited = textwrap.dedent(
        f"""
        import resource, sys
        resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
        sys.argv = ["shapelint", "check", {str(checked)!r}, "--verify", "require", "--output-format", "json"]
        from shapelint.cli import main
        main()
        """
    )
    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    assert report["errors"] == [], done.stderr
    traces = traces_of(checked.read_text())
    shapes = {row.name: row.shape for row in rows_of(traces) if row.kind == "tensor"}
    assert shapes["out"] == (10**6, 10**6, 10**9)
    assert shapes["h"] == (10**6, 10**6, 10**9)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # test_fuzz has more
@given(path=st.sampled_from(FIXTURES), choice=st.randoms(use_true_random=False), count=st.integers(1, 6))
def test_no_mutation_of_a_program_makes_analysis_raise(path: Path, choice: random.Random, count: int) -> None:
    text = Mutation(path.read_text(), choice).apply(count)
    source = Source("mutated.py", text)
    module = parse(source)
    if not isinstance(module, Problem):
        rows_of(analyse(module, source))
