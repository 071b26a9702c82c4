"""What runs share: what a class builds, of which no run sees what another one does with it, and whole runs."""

from __future__ import annotations

from collections import deque

import pytest
from followed import traces_of

from shapelint.effort import spent
from shapelint.infer import finished
from shapelint.infer.entries import instances
from shapelint.rules.base import RULES, load
from shapelint.trace.trace import Trace

load()

HEAD = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, features, twice=False):
        super().__init__()
        self.layers = [nn.LSTM(features, 8)]
"""
FLAGS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.rnn = nn.LSTM(features, 8, batch_first=True)
        self.one = nn.Linear(8, 8)
        self.two = nn.GRU(8, 8, batch_first=True)

    def forward(self, x, first, second):
        out, _ = self.rnn(x)
        if first:
            out = self.one(out)
        if second:
            out, _ = self.two(out)
        return out
"""
TEXTS = [FLAGS, *(text for code in sorted(RULES) for text in (RULES[code].bad[0], RULES[code].good[0]))]


def steps_for(text: str) -> int:
    spent()
    traces_of(text)
    return spent().work["steps"]


def runs_for(text: str) -> int:
    spent()
    traces_of(text)
    return spent().work["runs"]


def told(trace: Trace) -> str:
    nodes = [(node.op, node.span, node.result, node.error) for node in trace.nodes]
    return str([trace.entry, nodes, trace.decisions, trace.evidence, trace.solved, trace.defaults, trace.bindings])


def model(statements: int, methods: int, body: str = "return self.layers[0](x)") -> str:
    built = "".join(f"        self.size{i} = features + {i}\n" for i in range(statements))
    called = "".join(f"\n    def run{i}(self, x, flag{i}=False):\n        {body}\n" for i in range(methods))
    return HEAD + built + called


@pytest.mark.parametrize("body", ["return self.layers[0](x)", "return self.layers[0](x) if x is None else x.flag"])
def test_a_constructor_is_run_once_for_all_methods_and_their_paths(body: str) -> None:
    few, many = (steps_for(model(60, methods, body)) - steps_for(model(0, methods, body)) for methods in (1, 12))
    assert many == few > 60


def test_a_choice_of_the_constructor_is_followed_on_both_sides() -> None:
    text = (
        HEAD
        + "        self.two = nn.GRU(8, 8) if twice else None\n\n    def forward(self, x):\n        return self.two\n"
    )
    kinds = [{node.op for node in trace.nodes} for trace in traces_of(text) if trace.entry == "Net.forward"]
    assert any("torch.nn.GRU" in ops for ops in kinds)
    assert any("torch.nn.GRU" not in ops for ops in kinds)


def test_what_a_method_changes_the_next_one_does_not_see() -> None:
    text = HEAD + "".join(
        f"\n    def {name}(self, x):\n        self.layers.append(nn.GRU(8, 8))\n        return len(self.layers)\n"
        for name in ("first", "second", "third")
    )
    returned = {trace.entry: str(trace.returned) for trace in traces_of(text)}
    assert len({returned[f"Net.{name}"] for name in ("first", "second", "third")}) == 1


def test_two_turned_choices_are_one_path_in_either_order() -> None:
    # the script, the forward twice for the rank of `x`, and each of the three other ways through it once
    assert runs_for(FLAGS) == 1 + 2 + 3


def test_traces_are_those_of_runs_that_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {text: list(map(told, traces_of(text))) for text in TEXTS}
    monkeypatch.setattr(finished.Finished, "alike", lambda *_: None)
    for text, traces in shared.items():
        assert traces == list(map(told, traces_of(text)))


def test_traces_are_those_of_runs_that_build_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {text: list(map(told, traces_of(text))) for text in TEXTS}
    monkeypatch.setattr(instances.Instances, "free", _alone)
    for text, traces in shared.items():
        assert traces == list(map(told, traces_of(text)))


_free = instances.Instances.free


def _alone(_: instances.Instances, *given: object) -> object:
    return _free(instances.Instances(deque(maxlen=0)), *given)  # type: ignore[arg-type]
