"""The torch operations that stand for a call of einops compute what einops computes."""

from __future__ import annotations

import random
from typing import Any

import einops
import pytest
import torch
from followed import traces_of
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelint.claims.values.raises import Raises
from shapelint.finding import Ref
from shapelint.rules.base import RULES, load
from shapelint.rules.findings import findings
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor, Unknown
from shapelint.trace.trace import Trace
from shapelint.verify.program.program import Program, build
from shapelint.verify.worker.replay import run

load()

HEAD = "import torch\nfrom torch import nn\nfrom einops import rearrange, reduce, repeat\n"

CALLS = [
    'rearrange(x, "b t d -> d b t")',
    'rearrange(x, "b t (h d) -> (b h) t d", h=3)',
    'rearrange(x, "b t (d h) -> h (t b) d", d=3)',
    'rearrange(x, "(b k) t (h d) -> k (t h) b d", k=2, h=2)',
    'rearrange(x, "b t d -> b () (t d) 1")',
    'rearrange(x, "b ... -> ... b")',
    'rearrange(x, "... d -> d (...)")',
    'rearrange(x[:1], "1 t d -> t d")',
    'rearrange([x, x * 2], "k b t d -> b t (k d)")',
    'reduce(x, "b t d -> d b", "mean")',
    'reduce(x, "b (t s) d -> s b", "max", s=7)',
    'reduce(x, "b t d -> 1 t 1", "min")',
    'reduce(x, "b t d -> ", "sum")',
    'reduce(x, "b t (h d) -> t h", "prod", h=3)',
    'repeat(x, "b t d -> t k b d", k=3)',
    'repeat(x, "b t d -> (t 2) (3 b) d")',
    'repeat(x, "b t d -> b t (d n)", n=2)',
]


def paths_of(text: str) -> list[Trace]:
    return traces_of(HEAD + text, "patterns.py")


def replayed(call: str, sizes: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """The input and the result of a call, as the worker computes it."""
    trace = paths_of(f"x = torch.randn{sizes}\ny = {call}\n")[0]
    program = build(trace, Raises(Ref(trace.nodes[-1].id)))
    assert isinstance(program, Program), program
    values = run(program.document["steps"])
    return values[0], values[-1]


def same(call: str, sizes: tuple[int, ...]) -> bool:
    x, found = replayed(call, sizes)
    names: dict[str, Any] = {name: getattr(einops, name) for name in ("rearrange", "reduce", "repeat")}
    return torch.allclose(found, eval(call, names, {"x": x}))


@pytest.mark.parametrize("call", CALLS)
def test_calls_are_replayed_as_einops_computes_them(call: str) -> None:
    assert same(call, (2, 7, 6))


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_random_patterns(sizes: list[int], chance: random.Random) -> None:
    names = "abcde"[: len(sizes)]
    given_sizes = ", ".join(f"{name}={size}" for name, size in zip(names, sizes, strict=True))
    left, right = grouped(list(names), chance), grouped(chance.sample(names, len(names)), chance)
    total = dict(zip(names, sizes, strict=True))
    shape = tuple(torch.Size([total[name] for name in group]).numel() for group in left)
    call = f'rearrange(x, "{written(left)} -> {written(right)}", {given_sizes})'
    trace = paths_of(f"x = torch.randn({shape})\ny = {call} * 1\n")[0]
    program = build(trace, Raises(Ref(trace.nodes[-1].id)))
    assert isinstance(program, Program), program
    values = run(program.document["steps"])
    assert torch.equal(values[-1], eval(call, {"rearrange": einops.rearrange}, {"x": values[0]}))


def grouped(names: list[str], chance: random.Random) -> list[list[str]]:
    groups: list[list[str]] = []
    for name in names:
        if groups and chance.random() < 0.4:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def written(groups: list[list[str]]) -> str:
    return " ".join(f"({' '.join(group)})" if len(group) > 1 else group[0] for group in groups)


@pytest.mark.parametrize(
    "call",
    [
        'rearrange(x, "b t d -> b t")',
        'rearrange(x, "b t t -> b t")',
        'rearrange(x, "b (t (s d)) -> b t s d")',
        'rearrange(x, "b t d")',
        'rearrange(x, "b t (h d) -> b t h d")',
        'rearrange(x, "b (t d -> b t d")',
        'rearrange(x, "b 1 d -> b d")',
        "rearrange(x, pattern)",
        'rearrange(x, "b t d -> b d t", **options)',
        'reduce(x, "b t d -> b d", torch.logsumexp)',
        "rearrange()",
    ],
)
def test_what_is_not_obeyed_or_known_is_unknown(call: str) -> None:
    trace = paths_of(f"x = torch.randn(2, 7, 6)\ny = {call}\n")[0]
    assert not [node for node in trace.nodes if node.error]
    assert not [binding for binding in trace.bindings if binding.name == "y"]


@pytest.mark.parametrize("call", ['rearrange(x, "b t -> t b")', 'repeat(x, "b t d -> b t d e")'])
def test_what_einops_refuses_torch_refuses(call: str) -> None:
    trace = paths_of(f"x = torch.randn(2, 7, 6)\ny = {call}\n")[0]
    assert [node for node in trace.nodes if node.error]


FORWARD = """\
class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, bidirectional=True{option})
        self.head = nn.Linear(2 * hidden, 4)

    def forward(self, x):
        {lines}
"""


def forward(*lines: str, option: str = "") -> str:
    return FORWARD.format(lines="\n        ".join(lines), option=option)


def returned(text: str) -> tuple[Trace, Tensor]:
    trace = next(trace for trace in paths_of(text) if trace.entry == "Model.forward")
    (result,) = trace.returned
    assert isinstance(result, Tensor)
    return trace, result


def test_a_pattern_gives_an_unknown_input_its_rank_and_names_its_axes() -> None:
    trace, result = returned(forward('x = rearrange(x, "t b f -> b t f")', "return x"))
    symbols = [axis.dim.as_symbol for axis in result.axes]
    told = {piece.symbol: piece.role for piece in trace.evidence if piece.kind == "pattern"}
    assert [told.get(symbol or "") for symbol in symbols] == [Role.BATCH, Role.TIME, None]


def test_roles_follow_the_pattern() -> None:
    lines = "output, _ = self.lstm(x)", 'return rearrange(output, "t b (two h) -> b two h t", two=2)'
    _, result = returned(forward(*lines))
    roles = [axis.role for axis in result.axes]
    assert (roles[0], roles[3]) == (Role.BATCH, Role.TIME)


@pytest.mark.parametrize(
    "lines",
    [
        ("_, (h, _) = self.lstm(x)", 'return self.head(rearrange(h, "k b h -> b (k h)"))'),
        ("output, _ = self.lstm(x)", 'return self.head(reduce(output, "b t h -> b h", "mean"))'),
        ("output, _ = self.lstm(x)", 'return self.head(rearrange(output, "b t h -> t b h"))'),
    ],
)
def test_right_code_is_silent(lines: tuple[str, ...]) -> None:
    assert codes(forward(*lines, option=", batch_first=True")) == []


def test_a_mistake_behind_a_pattern_is_found() -> None:
    lines = "x = rearrange(x, 't b f -> b t f')", "output, _ = self.lstm(x)", "return self.head(output[-1])"
    assert codes(forward(*lines, option=", batch_first=True")) == ["SHP101"]


def codes(text: str) -> list[str]:
    return [finding.code for finding, _ in findings(paths_of(text), frozenset(RULES))]


def test_an_unknown_tensor_stays_unknown() -> None:
    trace = paths_of("def f(make):\n    return rearrange(make(), 'b t d -> t b d')\ny = f(1)\n")[0]
    assert all(isinstance(value, Unknown) for value in trace.returned)
