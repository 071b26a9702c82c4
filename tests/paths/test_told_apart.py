"""Texts, layers and members that may be of several kinds: each is what it is wherever it is asked."""

from __future__ import annotations

import pytest
from reported import codes

TEXT = """
class Model(nn.Module):
    def __init__(self, size, hidden, layout="NTC"):
        super().__init__()
        if layout.index("N") != 0:
            raise NotImplementedError(layout)
        self.rnn = nn.GRU(size, hidden, batch_first=layout.index("N") == 0)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # x: (batch, time, feature)
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])
"""


def test_a_text_answers_alike_wherever_it_is_asked() -> None:
    assert codes(TEXT) == []
    assert codes(TEXT.replace("== 0)", "== 1)")) == ["SHP110"]


KNOWN_TEXT = """
class Model(nn.Module):
    def __init__(self, size, hidden, batch_first=True):
        super().__init__()
        self.layout = "NTC" if batch_first else "TNC"
        self.rnn = nn.GRU(size, hidden, batch_first=batch_first)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1] if self.layout{asked} else out[-1])
"""


@pytest.mark.parametrize("asked", ['[0] == "N"', '.index("N") == 0', '.find("TN") < 0', '.replace("C", "") == "NT"'])
def test_a_text_that_is_known_is_read(asked: str) -> None:
    assert codes(KNOWN_TEXT.format(asked=asked)) == []


def test_members_of_a_sequential_are_told_apart() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.cut = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (5, 3)))
        self.rnn = nn.GRU(3, hidden, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn(self.cut(x))
        return out[:, -1]
"""
    assert codes(source) == []


def test_the_last_of_several_layers_may_be_another_kind() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, size, hidden, n=2):
        super().__init__()
        self.rnns = nn.ModuleList()
        for i in range(n):
            last = i == n - 1
            self.rnns.append(nn.LSTM(2 * hidden if i else size, hidden, batch_first=True, bidirectional=not last))
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        for rnn in self.rnns:
            x, (h, _) = rnn(x)
        return self.fc(h[-1])
"""
    assert codes(source) == []


def test_an_object_that_gives_its_parts() -> None:
    source = """
class State:
    def __init__(self, h, c):
        self.h, self.c = h, c

    def __iter__(self):
        yield self.h
        yield self.c

class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(size, hidden)
        self.hidden = hidden

    def forward(self, x):
        zeros = x.new_zeros(x.size(0), self.hidden)
        state = State(zeros, zeros)
        for t in range(x.size(1)):
            h, c = state
            state = State(*self.cell(x[:, t], (h, c)))
        return state.h
"""
    assert codes(source) == []


TYPES = {
    "torch asks": "torch.is_tensor(s)",
    "an attribute": "hasattr(s, 'detach')",
    "an attribute of a tensor alone": "getattr(s, 'shape', None) is not None",
    "the class": "not isinstance(s, tuple)",
    "the name of the class": "self.rnn.__class__.__name__ != 'LSTM'",
    "the name of the type": "type(self.rnn).__name__ == 'GRU'",
}
ASKED_TYPE = """
class Model(nn.Module):
    def __init__(self, kind, size, hidden):
        super().__init__()
        self.rnn = {{"lstm": nn.LSTM, "gru": nn.GRU}}[kind](size, hidden, batch_first=True)

    def forward(self, x):
        out, s = self.rnn(x)
        return out, s.detach() if {test} else tuple(one.detach() for one in s)
"""


@pytest.mark.parametrize("test", TYPES.values(), ids=TYPES)
def test_what_a_value_is_decides(test: str) -> None:
    assert codes(ASKED_TYPE.format(test=test)) == []


def test_a_wrong_answer_is_reported() -> None:
    assert codes(ASKED_TYPE.format(test="hasattr(s, '__len__')")) == ["SHP207"]
