"""Uses that look wrong and are meant: a projection of nothing, chance that is called so, a decoder of single steps."""

from __future__ import annotations

import pytest
from reported import codes


def test_a_projection_of_nothing_is_none() -> None:
    source = """
class Model(nn.Module):
    def __init__(self, size, hidden, proj_size=0):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, batch_first=True, proj_size=proj_size)
        self.fc = nn.Linear(proj_size if proj_size > 0 else hidden, 2)

    def forward(self, x):
        _, (h, _) = self.rnn(x)
        return self.fc(h[-1])
"""
    assert codes(source) == []


DRAWN = """
class Generator(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        {name} = torch.randn(1, x.size(0), self.rnn.hidden_size).to(x.device)
        return self.fc(self.rnn(x, {name})[0][:, -1])
"""


@pytest.mark.parametrize(("name", "wrong"), [("noise", []), ("z_0", []), ("h0", ["SHP211"]), ("state", ["SHP211"])])
def test_chance_that_is_called_so_is_meant(name: str, wrong: list[str]) -> None:
    assert codes(DRAWN.format(name=name)) == wrong


ENCODER = """
class Encoder(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, bidirectional=True)
        self.fc = nn.Linear(hidden, hidden)

    def forward(self, x):
        output, h = self.rnn(x)
        h = torch.tanh(self.fc(h[-1]))
        return {returned}
"""


def test_a_decoder_may_start_from_the_backward_direction() -> None:
    """Bahdanau et al. 2014, A.2.2: s_0 = tanh(W h_1), h_1 of the backward direction; attention reads the output."""
    assert codes(ENCODER.format(returned="output, h")) == []
    assert codes(ENCODER.format(returned="h")) == ["SHP104"]


STEP = """
class Decoder(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)
        self.hidden = hidden

    def forward(self, x{state}):
        {sizes}
        out, h = self.rnn(x{state})
        return self.fc(out.view(-1, self.hidden)), h
"""


@pytest.mark.parametrize(
    ("state", "sizes", "wrong"),
    [
        (", h", "print(x)", []),
        ("", "print(x)", ["SHP125"]),
        (", h", "batch, steps, features = x.size()", ["SHP125"]),
        (", h", "# x: (batch, time, features)", ["SHP125"]),
    ],
)
def test_a_decoder_may_read_one_step(state: str, sizes: str, wrong: list[str]) -> None:
    assert codes(STEP.format(state=state, sizes=sizes)) == wrong
