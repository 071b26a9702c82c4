"""Heads of attention that a view puts in front of the steps, where an exchange of the axes is meant."""

import pytest
from reported import codes

HEADS = """
class Attention(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads, self.width = heads, size // heads
        self.rnn = nn.GRU(size, size, batch_first=True)
        self.query = nn.Linear(size, size)

    def forward(self, x):
        x, _ = self.rnn(x)
        B, L, _ = x.shape
        q = self.query(x)
        {cut}
"""
FOUR = "q = q.view(B, L, self.heads, self.width)\n        "
WAYS = {
    "view": (FOUR + "return q.view(B, self.heads, L, self.width)", ["SHP112"]),
    "reshape": (FOUR + "return q.reshape(B, self.heads, L, self.width)", ["SHP112"]),
    "one axis by its size": (FOUR + "return q.reshape(B, self.heads, -1, self.width)", ["SHP112"]),
    "heads to the front": (FOUR + "return q.reshape(self.heads, B, L, self.width)", ["SHP112"]),
    "transpose": (FOUR + "return q.transpose(1, 2)", []),
    "permute and reshape": (FOUR + "return q.permute(0, 2, 1, 3).reshape(B * self.heads, L, self.width)", []),
    "put together again": (FOUR + "return q.reshape(B, L, self.heads * self.width)", []),
    "the same once more": (FOUR + "return q.view(B, L, self.heads, self.width)", []),
}


@pytest.mark.parametrize(("cut", "wrong"), WAYS.values(), ids=WAYS)
def test_heads_and_steps(cut: str, wrong: list[str]) -> None:
    assert codes(HEADS.format(cut=cut)) == wrong


NAMED = """
def split(x):
    rnn = nn.GRU(8, 8)
    B, L, H, D = x.shape
    {cut}
"""


@pytest.mark.parametrize(
    ("cut", "wrong"),
    [
        ("return rnn(x.view(B, H, L, D)[0])", ["SHP112"]),
        ("return rnn(x.transpose(1, 2)[0])", []),
        ("return rnn(x.view(B, L, H, D)[0])", []),
    ],
)
def test_four_axes_with_names(cut: str, wrong: list[str]) -> None:
    assert codes(NAMED.format(cut=cut)) == wrong
