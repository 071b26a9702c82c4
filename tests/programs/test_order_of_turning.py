"""There are more choices than paths: what is asked for in many places is turned before the name of an activation."""

from followed import found, only

from shapelint.finding import Confidence

#: a recurrence that is written by hand; `{mend}` joins its final states, for a bidirectional one
STACK = """\
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, width, hidden, act, norm, bias, bidirectional):
        super().__init__()
        self.bidirectional = bidirectional
        self.w = nn.Linear(width, hidden, bias=False)
        self.u = nn.Linear(hidden, hidden)
        self.norm = nn.BatchNorm1d(hidden) if norm == "batchnorm" else nn.LayerNorm(hidden)
        self.hidden = hidden
        if act == "tanh":
            self.act = torch.tanh
        elif act == "sin":
            self.act = torch.sin
        elif act == "elu":
            self.act = nn.ELU()
        else:
            self.act = nn.ReLU()
        if bias == "none":
            self.u.bias = None

    def forward(self, x):
        if self.bidirectional:
            x = torch.cat([x, x.flip(1)], dim=0)
        w = self.w(x)
        w = self.norm(w.reshape(w.shape[0] * w.shape[1], w.shape[2])).reshape(w.shape[0], w.shape[1], w.shape[2])
        h = w.new_zeros(w.shape[0], self.hidden)
        states = []
        for step in range(w.shape[1]):
            h = self.act(w[:, step] + self.u(h))
            states.append(h)
        states = torch.stack(states, dim=1)
        if self.bidirectional:
            forward, backward = states.chunk(2, dim=0)
            states = torch.cat([forward, backward.flip(1)], dim=2)
        return states


class GRU(nn.Module):
    def __init__(self, width, hidden, layers=1, act="relu", norm="batchnorm", bias="all", bidirectional=False):
        super().__init__()
        self.hidden, self.bidirectional = hidden, bidirectional
        self.rnn = nn.ModuleList()
        for _ in range(layers):
            self.rnn.append(Layer(width, hidden, act, norm, bias, bidirectional))
            if bidirectional:
                width = 2 * hidden
            else:
                width = hidden

    def forward(self, x):
        final = []
        for layer in self.rnn:
            x = layer(x)
            final.append(x[:, -1, :])
        final = torch.stack(final, dim=1)
        if self.bidirectional:
            final = {mend}
        else:
            final = final.transpose(0, 1)
        return x, final
"""


def test_the_option_that_is_asked_for_all_over_is_followed() -> None:
    cut = "final.reshape(final.shape[1] * 2, final.shape[0], self.hidden)"
    assert only(STACK.format(mend=cut), "SHP112").confidence is Confidence.HIGH


def test_and_its_right_twin_is_silent() -> None:
    parts = "final.unflatten(2, (2, self.hidden))"
    exchanged = f"{parts}.permute(1, 2, 0, 3).reshape(-1, final.shape[0], self.hidden)"
    assert found(STACK.format(mend=exchanged)) == []
