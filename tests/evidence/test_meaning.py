"""Which axis holds the samples where no recurrent layer says it: each kind of evidence, and what speaks against it."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from followed import traces_of

from shapelint.reading.layout.meaning import roles_of
from shapelint.rules.base import load
from shapelint.shapes.axis import Role

load()
HEAD = "import torch\nfrom torch import nn\nfrom torch.utils.data import DataLoader, TensorDataset\n"
B, T, U = Role.BATCH, Role.TIME, Role.UNKNOWN

MODEL = """
class Model(nn.Module):
    {doc}
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 8)
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.first = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
{body}
"""


def roles(body: str, doc: str = "") -> tuple[Role, ...]:
    """The roles of `h`."""
    text = HEAD + MODEL.format(doc=doc, body=indent(dedent(body), " " * 8))
    trace = next(one for one in traces_of(text) if one.entry == "Model.forward" and not one.is_by_default)
    value = next(binding.value for binding in reversed(trace.bindings) if binding.name == "h")
    return roles_of(trace, value)


@pytest.mark.parametrize(
    ("body", "doc", "expected"),
    [
        ("h = self.fc(x)", '"x: (batch, time, features)"', (B, T, U)),
        ("h = self.fc(x)  # (time, batch, width)", "", (T, B, U)),
        ("b, t, f = x.shape\nh = self.fc(x)", "", (B, T, U)),
        ("h = self.fc(x)\nout = self.first(h, h, h)[0]", "", (B, T, U)),
        ("h = self.norm(self.conv(x))\nout = h.flatten(1)", "", (B, U, U, U)),
    ],
)
def test_what_is_said_anywhere_on_its_way_is_said_of_an_axis(body: str, doc: str, expected: tuple[Role, ...]) -> None:
    assert roles(body, doc) == expected


@pytest.mark.parametrize(
    ("body", "doc"),
    [
        ("h = self.fc(x)\nout = h.sum()", ""),
        ("h = self.conv(x)\nout = h.sum()", ""),
        ("h = self.fc(x)\nout = self.first(h, h, h)[0]", '"x: (time, batch, features)"'),
        ("h = self.fc(x)\nout = h.mean(1)", ""),
    ],
)
def test_too_little_and_what_contradicts_itself_says_nothing(body: str, doc: str) -> None:
    assert set(roles(body, doc)) == {U}
