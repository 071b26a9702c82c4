"""A state that was made where torch keeps no graph may be carried past a backward pass."""

import pytest

from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import load
from shapelint.source import Source

load()

AGENT = """
import torch
from torch import nn


class Agent(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(size, hidden)
        self.h, self.c = torch.zeros(4, hidden), torch.zeros(4, hidden)

    def forward(self, x):
        self.h, self.c = self.cell(x, (self.h, self.c))
        return self.h

{between_head}

def train(loader):
    agent = Agent(3, 5)
    optimizer = torch.optim.Adam(agent.parameters())
    for x, y in loader:
        loss = (agent(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
{between}
"""
WITHOUT_GRAPH = {
    "with no_grad": ("", "with torch.no_grad():\n    last = agent(x)"),
    "with inference_mode": ("", "with torch.inference_mode():\n    last = agent(x)"),
    "with set_grad_enabled": ("", "with torch.set_grad_enabled(False):\n    last = agent.forward(x)"),
    "with another context": ("", "with open('log') as log, torch.no_grad():\n    last = agent(x)"),
    "a decorated function": (
        "@torch.no_grad()\ndef last_of(agent, x):\n    return agent(x)",
        "last = last_of(agent, x)",
    ),
}
WITH_GRAPH = {
    "nothing": ("", "print(loss)"),
    "a call": ("", "last = agent(x)"),
    "enable_grad": ("", "with torch.enable_grad():\n    last = agent(x)"),
    "set_grad_enabled": ("", "with torch.set_grad_enabled(True):\n    last = agent(x)"),
    "no_grad around another": ("", "with torch.no_grad():\n    last = Agent(3, 5)(x)"),
    "a plain function": ("def last_of(agent, x):\n    return agent(x)", "last = last_of(agent, x)"),
}


def codes(head: str, between: str) -> list[str]:
    indented = "\n".join(f"        {line}" for line in between.splitlines())
    text = AGENT.format(between_head=head, between=indented)
    check = check_source(Source("agent.py", text), Wanted(frozenset({"SHP206"}), prove=False))
    assert not check.problems
    return [candidate.finding.code for candidate in check.candidates]


@pytest.mark.parametrize(("head", "between"), WITHOUT_GRAPH.values(), ids=WITHOUT_GRAPH)
def test_what_is_made_without_a_graph_cuts_it(head: str, between: str) -> None:
    assert codes(head, between) == []


@pytest.mark.parametrize(("head", "between"), WITH_GRAPH.values(), ids=WITH_GRAPH)
def test_what_is_made_with_one_does_not(head: str, between: str) -> None:
    assert codes(head, between) == ["SHP206"]
