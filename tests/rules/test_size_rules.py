"""What the rules about losses, softmax and channels say and mend, beyond their own examples."""

from __future__ import annotations

import followed
import pytest

from shapelint.finding import Finding
from shapelint.rules.base import RULES, load
from shapelint.verify.edits import apply_edits

load()

EVERY = frozenset(RULES)
HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def found(text: str) -> list[Finding]:
    return followed.found(HEAD + text, EVERY)


def only(text: str, code: str) -> Finding:
    return followed.only(HEAD + text, code, EVERY)


def mended(text: str, finding: Finding, fix: int = 0) -> str:
    return apply_edits(HEAD + text, finding.fixes[fix].edits)


SCRIPT = "x = torch.randn(32, 10, 4)\nlstm = nn.LSTM(4, 6, batch_first=True)\nout, _ = lstm(x)\n"


def model(forward: str, layers: str = "self.fc = nn.Linear(hidden, classes)", parameters: str = "x") -> str:
    lines = "".join(f"        {line}\n" for line in forward.splitlines())
    return f"""
class Model(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.classes = classes
        self.rnn = nn.GRU(features, hidden, batch_first=True)
        {layers}

    def forward(self, {parameters}):
        out, _ = self.rnn(x)
{lines}"""


def test_a_loss_against_the_input_is_no_extra_axis() -> None:
    """(B, 1) against (B, T, 1): both have a last axis of length 1, and squeezing one mends nothing."""
    text = SCRIPT.replace("4", "1") + "fc = nn.Linear(6, 1)\nF.mse_loss(fc(out[:, -1]), torch.randn(32, 32, 1))\n"
    assert "SHP517" not in {finding.code for finding in found(text)}


def test_a_channel_fix_is_safe_only_where_torch_always_raises() -> None:
    always = only(f"{SCRIPT}nn.Conv1d(6, 8, 3)(out)\n", "SHP515")
    mostly = only(model("return self.conv(out)", "self.conv = nn.Conv1d(hidden, 8, 3)"), "SHP515")
    assert [fix.safe for finding in (always, mostly) for fix in finding.fixes] == [True, False]


def test_a_norm_gets_its_axes_back() -> None:
    text = f"{SCRIPT}norm = nn.BatchNorm1d(6)\nprint(norm(out))\n"
    assert "print(norm(out.transpose(1, 2)).transpose(1, 2))" in mended(text, only(text, "SHP515"))


def test_a_view_before_a_loss_is_told_once() -> None:
    text = model(
        "scores = self.fc(out).view(x.size(0), self.classes, x.size(1))\nreturn F.cross_entropy(scores, tags)",
        parameters="x, tags",
    )
    finding = only(text, "SHP508")
    assert ".permute(0, 2, 1)" in mended(text, finding)


def test_several_meanings_of_a_softmax_are_both_offered() -> None:
    text = model("return F.softmax(self.fc(out), dim=0)")
    finding = only(text, "SHP511")
    assert ["dim=2" in mended(text, finding, 0), "dim=1" in mended(text, finding, 1)] == [True, True]


def test_an_expression_is_put_in_parentheses_by_a_fix() -> None:
    text = model("return F.cross_entropy(self.fc(out) / 2, tags)", parameters="x, tags")
    assert "F.cross_entropy((self.fc(out) / 2).transpose(1, 2), tags)" in mended(text, only(text, "SHP507"))


@pytest.mark.parametrize(
    "loss", ["F.mse_loss(target, self.fc(out[:, -1]))", "nn.L1Loss()(self.fc(out[:, -1]), target)"]
)
def test_the_side_with_the_further_axis_is_squeezed(loss: str) -> None:
    text = model(f"target = x[:, -1, 0]\nreturn {loss}", "self.fc = nn.Linear(hidden, 1)")
    assert "self.fc(out[:, -1]).squeeze(-1)" in mended(text, only(text, "SHP517"))


@pytest.mark.parametrize(
    "forward",
    [
        "return F.cross_entropy(self.fc(out), tags)",  # the targets may be anything
        "return F.softmax(self.fc(out).transpose(0, 1), dim=0)",
        "return F.softmax(self.fc(out[:, -1]))",
        "return self.fc(out).argmax(1)",
    ],
)
def test_what_the_code_does_not_decide_is_left_alone(forward: str) -> None:
    text = model(forward, "self.fc = nn.Linear(hidden, 2)", parameters="x, tags")
    assert found(text) == []


def test_a_rank_that_is_a_guess_is_no_error() -> None:
    text = """
class Model(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        self.rnn = nn.GRU(8, hidden)

    def forward(self, x):
        return self.rnn(self.conv(x))
"""
    assert found(text) == []


def test_integers_that_an_input_may_hold_are_no_error() -> None:
    text = """
class Model(nn.Module):
    def __init__(self, words, width, hidden, embed):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.rnn = nn.GRU(width, hidden, batch_first=True)
        self.embed = embed

    def forward(self, x):
        if self.embed:
            x = self.embedding(x)
        return self.rnn(x)
"""
    assert found(text) == []
