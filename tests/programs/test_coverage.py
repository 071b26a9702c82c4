"""The coverage benchmark: its scan sees the layers of real code in every form, and what it counts is understood or not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from root import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import coverage
from sources import recurrent_places

FORMS = """
import torch
from torch import nn
from torch.nn import GRU as Unit
import elsewhere

TABLE = {"lstm": nn.LSTM, "gru": nn.GRU}

class Own(nn.LSTM):
    def forward(self, x):
        return super().forward(x)                        # call

class Model(nn.Module):
    CELL = nn.GRU

    def __init__(self, kind, layer=nn.RNN, both=False):
        self.a = nn.LSTM(3, 5)                           # made
        self.b = Unit(3, 5)                              # made
        self.c = TABLE[kind](3, 5)                       # made
        self.d = getattr(nn, kind)(3, 5, batch_first=True)  # made
        chosen = nn.LSTM if both else nn.GRU
        self.e = chosen(3, 5)                            # made
        self.f = layer(3, 5)                             # made
        self.g = self.CELL(3, 5)                         # made
        self.h = nn.ModuleList([nn.GRU(3, 5) for _ in range(2)])  # made
        self.i = nn.ModuleList()
        self.i.append(nn.GRU(3, 5))                      # made
        self.j = Own(3, 5)                               # made
        self.k = make(5)
        self.l = nn.Linear(5, 2)
        self.m = elsewhere.LSTM(3, 5)
        self.n = getattr(nn, kind)()

    def forward(self, x):
        out, (h, c) = self.a(x)                          # call
        last = h[-1]                                     # use
        y = out.transpose(0, 1)[:, -1]                   # use use
        for layer in self.h:
            x, _ = layer(x)                              # call
        for i, layer in enumerate(self.i):
            x = layer(x)[0]                              # call
        x = self.k(x)[0][-1]                             # call use
        self.j(x)
        self.m(x)
        return self.l(x)

def make(size):
    return nn.GRU(3, size)                               # made

class Outer(nn.Module):
    def __init__(self):
        self.inner = Model("lstm")

    def forward(self, x):
        return self.inner.b(x)                           # call
"""


def lines_with(word: str) -> list[int]:
    lines = enumerate(FORMS.split("\n"), 1)
    return [number for number, line in lines for marked in line.partition("# ")[2].split() if marked == word]


def test_the_scan_sees_what_is_constructed_called_and_used() -> None:
    places = recurrent_places.scan(FORMS)
    assert sorted(place[0] for place in places.constructions) == lines_with("made")
    assert sorted(place[0] for place in places.calls) == lines_with("call")
    assert sorted(place[0] for place in places.uses) == lines_with("use")


def test_the_scan_tells_which_kinds_a_name_may_stand_for() -> None:
    kinds = {place[0]: built.kinds for place, built in recurrent_places.scan(FORMS).constructions.items()}
    lines = lines_with("made")
    assert [sorted(kinds[line]) for line in lines[:7]] == [
        ["LSTM"], ["GRU"], ["GRU", "LSTM"], ["GRU", "LSTM", "RNN"], ["GRU", "LSTM"], ["RNN"], ["GRU"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["containers", "instances", "packed", "several_constructors"])
def test_nothing_is_missed_in_what_the_interpreter_understands(name: str) -> None:
    counts = coverage.count_file(str(ROOT / "fixtures" / "inference" / f"{name}.py"))
    assert counts.numbers["constructions"] > 0
    assert counts.numbers["calls"] > 0
    assert (counts.missed, counts.failures) == ([], [])


def test_what_is_not_understood_is_missed_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("from torch import nn\n\nnever_called = lambda x: nn.LSTM(3, 5)(x)[0][-1]\n")
    counts = coverage.count_file(str(path))
    found = {(place.removeprefix(str(path)), what) for place, what, _ in counts.missed}
    assert found == {(":3:26", "construction"), (":3:26", "call"), (":3:26", "use")}
