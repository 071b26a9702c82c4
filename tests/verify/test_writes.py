"""What is written into a tensor after it was made is there when the tensor is used."""

import pytest
from traces import B, F, Path, T, verdict_on

from shapelint.claims.states.state_acts import StateActs
from shapelint.finding import Ref, Status
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import load
from shapelint.shapes.dim import Dim
from shapelint.source import Source
from shapelint.verify.client import Verifier

load()

MODEL = """
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(size, hidden, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), self.hidden)
        {change}
        out, _ = self.gru(x, h0)
        return out[:, -1]
"""
CHANGES = {
    "a method": "h0.normal_()",
    "an initialiser": "nn.init.xavier_uniform_(h0)",
    "an initialiser whose result is taken": "h0 = torch.nn.init.uniform_(h0)",
    "an item": "h0[0] = x[:, 0]",
    "an augmented assignment": "h0 += 1.0",
    "a copy": "h0.copy_(x[:, :1].transpose(0, 1))",
    "a view of it": "h0[0].fill_(1.0)",
    "a view that has a name": "first = h0[0]; first.add_(1.0)",
}
NO_CHANGES = {"nothing": "pass", "zeros": "h0.zero_()", "a flag": "h0.requires_grad_()", "a copy of it": "h0.exp()"}


def codes(change: str) -> list[str]:
    text = MODEL.format(change=change)
    check = check_source(Source("model.py", text), Wanted(frozenset({"SHP213"}), prove=False))
    assert not check.problems
    return [candidate.finding.code for candidate in check.candidates]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_state_that_is_written_to_is_not_zeros(change: str) -> None:
    assert codes(change) == []


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_a_state_that_nothing_is_written_to_is(change: str) -> None:
    assert codes(change) == ["SHP213"]


@pytest.mark.parametrize("through_view", [False, True])
@pytest.mark.parametrize("written", ["normal_", None])
def test_the_replay_writes_too(written: str | None, through_view: bool, verifier: Verifier) -> None:
    path = Path()
    x = path.input("t", "b", "i", roles=(T, B, F))
    rnn = path.layer("GRU", Dim.symbol("i"), Dim.symbol("h"))
    state = path.op("zeros", 1, Dim.symbol("b"), Dim.symbol("h"))
    if written is not None:
        path.op(f"Tensor.{written}", path.item(state, 0) if through_view else state)
    path.call(rnn, x, state)
    verdict = verdict_on(verifier, (path, StateActs(Ref(path.last.node, (0,)))))
    assert verdict.status is (Status.CONFIRMED if written is None else Status.REFUTED), verdict.detail
