"""Sentences that mention a shape: which of them state one, and of what."""

from __future__ import annotations

import pytest
from reported import codes

REMARKS = {
    "a denial": "x is not (batch, time, feature) here",
    "another time": "x: (batch, time, feature) before collate_fn",
    "advice": "a (batch, time, feature) tensor must be transposed before the call",
    "another value": "out.permute(1, 0, 2): (batch, time, hidden)",
    "code that is switched off": "x = x.permute(1, 0, 2)  # only if x is (batch, time, feature)",
    "another place": "see forward_bf for x of shape (batch, time, feature)",
    "an alternative": "x: (batch, time, feature) or (time, batch, feature)",
}
REMARKED = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        # {remark}
        out, (h, c) = self.rnn(x)
        return self.fc(h[-1])
"""


@pytest.mark.parametrize("remark", REMARKS.values(), ids=REMARKS)
def test_a_sentence_that_mentions_a_shape_states_none(remark: str) -> None:
    assert codes(REMARKED.format(remark=remark)) == []


@pytest.mark.parametrize(
    "remark",
    [
        "x: (batch, time, feature)",
        "x is (batch, time, feature)",
        "x (batch, time, feature), floats",
        "shape of x: [batch, time, feature]",
    ],
)
def test_a_statement_does(remark: str) -> None:
    assert codes(REMARKED.format(remark=remark)) == ["SHP110"]


MEMBERS = """
class Model(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.rnn = nn.GRU(size, hidden)

    def forward(self, windows):
        # windows: {said} (time, batch, size)
        return torch.stack([self.rnn(one)[1][-1] for one in windows])
"""


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("list of tensors", []),
        ("a tuple of", []),
        ("a list of n", []),
        ("", ["SHP118"]),
        ("tensor of shape", ["SHP118"]),
    ],
)
def test_what_is_said_of_members_is_not_said_of_the_list(said: str, wrong: list[str]) -> None:
    assert codes(MEMBERS.format(said=said)) == wrong
