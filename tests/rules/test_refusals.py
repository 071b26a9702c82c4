"""What torch refuses is told once, in the user's words, and only where nothing in it is guessed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from shapelint.finding import Finding
from shapelint.pipeline.check import Wanted, check_source
from shapelint.rules.base import RULES, load
from shapelint.source import Source

load()

WANTED = frozenset(code for code, rule in RULES.items() if rule.default or rule.general)
HEAD = "import torch\nfrom torch import nn\n"
MODEL = """
    class Model(nn.Module):
        def __init__(self, features=6, hidden=8, deep=False):
            super().__init__()
            self.conv = nn.Conv2d(3, 96, 3)
            self.norm = nn.BatchNorm2d({norm})
            self.lstm = nn.LSTM(features, hidden, batch_first=True)
            self.fc = nn.Linear(hidden, 2)

        def forward(self, x, y):
            {body}
    """


def found(text: str, codes: frozenset[str] = WANTED) -> list[Finding]:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(codes, prove=False))
    assert not check.problems
    return [candidate.finding for candidate in check.candidates]


def model(*lines: str, norm: int = 96) -> str:
    return MODEL.format(norm=norm, body="\n            ".join(lines))


def codes(text: str) -> list[str]:
    return [finding.code for finding in found(text)]


SILENT = {
    "sizes under their name": ["h = torch.zeros(size=(2, 3, 4))", "return h[:, 0, 1], self.lstm(y)"],
    "an order that depends on the rank": [
        "order = list(range(len(x.shape)))",
        "order[0], order[1] = order[1], order[0]",
        "return x.permute(order)[:, 0, 1, 2], self.lstm(y)",
    ],
    "an order whose end depends on the rank": [
        "x = x.permute([1, 0] + list(range(2, len(x.shape))))",
        "return x[:, 0, 1, 2], self.lstm(y)",
    ],
    "starred sizes": [
        "*other, height, width = x.shape",
        "x = x.view(-1, height, width).view(*other, height, width)",
        "return x[:, 0, 1, 2], self.lstm(y)",
    ],
    "a text of another value": ["x = self.made(y)  # (batch, width)", "return x[:, :, 0], self.lstm(y)"],
    "a keyword of earlier versions": ["v = torch.autograd.Variable(y, volatile=True)", "return self.lstm(v)"],
    "one side of a condition": ["if y.size(0) == 1:", "    y = y.squeeze(0)[:, 0]", "return self.lstm(y)"],
}


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_what_is_guessed_is_not_told(body: list[str]) -> None:
    assert codes(model(*body)) == []


def test_sizes_of_layers_differ_whatever_the_rank_is() -> None:
    (finding,) = found(model("return self.norm(self.conv(x)), self.lstm(y)", norm=24))
    assert finding.code == "SHP901"
    assert finding.message == (
        "torch refuses `self.norm(self.conv(x))`: BatchNorm2d takes 24 channels on axis 1 and gets 96"
    )
    assert [place.message for place in finding.related] == [
        "this BatchNorm2d is built here",
        "96 comes from this Conv2d",
    ]
    (fix,) = finding.fixes
    assert [edit.text for edit in fix.edits] == ["96"]


def test_sizes_have_the_names_of_the_code() -> None:
    lines = ("batch, steps, _ = y.shape", "return self.fc(self.lstm(y)[0]).reshape(batch, steps, 3)")
    (finding,) = found(model(*lines))
    assert finding.message.endswith("2*batch*steps elements do not fit (batch, steps, 3)")


def test_consequences_are_not_told() -> None:
    text = model("a = self.norm(self.conv(x))", "return torch.cat([a, a[:, :, :1]], 2), self.lstm(y)", norm=24)
    assert codes(text) == ["SHP901"]


def test_the_rule_that_knows_the_cause_tells() -> None:
    text = """
        gru = nn.GRU(3, 5, batch_first=True, bidirectional=True)
        output, _ = gru(torch.randn(4, 7, 3))
        scores = nn.Linear(5, 2)(output)
        """
    assert codes(text) == ["SHP501"]


def test_what_is_switched_off_is_not_told_by_another_rule() -> None:
    text = """
        gru = nn.GRU(3, 5, batch_first=True, bidirectional=True)
        output, _ = gru(torch.randn(4, 7, 3))
        scores = nn.Linear(5, 2)(output)
        """
    assert found(text, WANTED - {"SHP501"}) == []


def test_a_cause_that_no_rule_knows_is_told_in_general() -> None:
    text = """
        gru = nn.GRU(12, 5, batch_first=True)
        output, _ = gru(torch.randn(4, 7, 10))
        """
    (finding,) = found(text)
    assert (finding.code, [edit.text for edit in finding.fixes[0].edits]) == ("SHP901", ["10"])
