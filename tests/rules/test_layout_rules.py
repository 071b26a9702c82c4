"""What the layout rules weigh, beyond their own examples: readings, evidence, entries of h_n, orders in memory."""

from __future__ import annotations

import pytest
from followed import found, only

from shapelint.finding import Confidence, Finding
from shapelint.rules.base import load
from shapelint.verify.edits import apply_edits

load()

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def model(layer: str, forward: str, parameters: str = "features, hidden") -> str:
    lines = "".join(f"        {line}\n" for line in forward.splitlines())
    return f"""{HEAD}
class Model(nn.Module):
    def __init__(self, {parameters}):
        super().__init__()
        self.hidden = hidden
        self.rnn = {layer}
        self.fc = nn.Linear(hidden, 3)

    def forward(self, x):
{lines}"""


def mended(text: str, finding: Finding) -> list[str]:
    return [apply_edits(text, fix.edits) for fix in finding.fixes]


LAST = "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])"


def test_an_index_for_batch_first_data_is_first_read_as_a_missing_batch_first() -> None:
    text = model("nn.GRU(features, hidden)", LAST)
    rebuilt, indexed = mended(text, only(text, "SHP102"))
    assert "nn.GRU(features, hidden, batch_first=True)" in rebuilt
    assert "self.fc(out[-1])" in indexed


def test_the_index_is_blamed_first_where_the_author_says_time_first() -> None:
    text = model("nn.GRU(features, hidden)", "# x: (time, batch, features)\n" + LAST)
    finding = only(text, "SHP102")
    indexed, rebuilt = mended(text, finding)
    assert "self.fc(out[-1])" in indexed
    assert "batch_first=True" in rebuilt
    assert "this speaks for time first: the comment says (time, batch, features)" in [
        p.message for p in finding.related
    ]


def test_evidence_for_one_reading_alone_is_a_missing_batch_first() -> None:
    text = model("nn.GRU(features, hidden)", "# x: (batch, time, features)\n" + LAST)
    assert len(only(text, "SHP110").fixes) == 1


@pytest.mark.parametrize("layer", ["nn.GRU(features, hidden, **options)", "nn.GRU(features, hidden, 1, True, False)"])
def test_a_layer_whose_options_are_not_read_is_not_rebuilt(layer: str) -> None:
    text = model(layer, LAST, "features, hidden, options={}")
    assert all("batch_first" not in fix.description for finding in found(text) for fix in finding.fixes)


def test_a_pooled_batch_axis_has_two_readings_too() -> None:
    text = model("nn.GRU(features, hidden)", "out, _ = self.rnn(x)\nreturn self.fc(out.mean(1))")
    rebuilt, pooled = mended(text, only(text, "SHP116"))
    assert "batch_first=True" in rebuilt
    assert "out.mean(0)" in pooled


def test_exchanged_axes_and_a_last_index_have_two_readings() -> None:
    text = model(
        "nn.GRU(features, hidden, batch_first=True)",
        "x = x.transpose(0, 1)\nout, _ = self.rnn(x)\nreturn self.fc(out[-1])",
    )
    rebuilt, indexed = mended(text, only(text, "SHP111"))
    assert "batch_first=False" in rebuilt
    assert "out[:, -1]" in indexed


def test_a_transposition_alone_says_nothing() -> None:
    forward = "out, _ = self.rnn(x.transpose(0, 1))\nreturn self.fc(out[:, -1])"
    assert found(model("nn.GRU(features, hidden, batch_first=True)", forward)) == []


STATES = "_, h = self.rnn(x)\n"


@pytest.mark.parametrize(
    ("layers", "directions", "expression", "code"),
    [
        (2, 1, "self.fc(h[0])", "SHP105"),
        (3, 1, "self.fc(h[1])", "SHP105"),
        (2, 1, "self.fc(h[-2])", "SHP105"),
        (2, 2, "self.fc(h[0])", "SHP105"),
        (2, 1, "self.fc(h[1])", None),
        (2, 1, "self.fc(h[0]) + self.fc(h[1])", None),
        (1, 1, "self.fc(h[0])", None),
        (2, 2, "torch.cat((h[0], h[1]), 1)", "SHP109"),
        (2, 2, "h[0] + h[-1]", "SHP109"),
        (3, 2, "torch.cat([h[2], h[3]], dim=-1)", "SHP109"),
        (2, 2, "torch.cat((h[1], h[2]), 1)", "SHP109"),
        (2, 2, "torch.cat((h[2], h[3]), 1)", None),
        (1, 2, "torch.cat((h[0], h[1]), 1)", None),
        (2, 2, "torch.cat((h[0], h[2]), 1)", None),
        (2, 2, "self.fc(h.view(2, 2, x.size(1), self.hidden)[0, 0])", None),
        (2, 2, "torch.cat((h.view(2, 2, x.size(1), -1)[0][0], h.view(2, 2, x.size(1), -1)[0][1]), 1)", "SHP109"),
    ],
)
def test_entries_of_the_state(layers: int, directions: int, expression: str, code: str | None) -> None:
    layer = f"nn.GRU(features, hidden, {layers}, bidirectional={directions == 2})"
    assert [finding.code for finding in found(model(layer, STATES + f"return {expression}"))] == [code] * bool(code)


@pytest.mark.parametrize(("default", "confidence"), [("=2", Confidence.MEDIUM), ("=1", None), ("", None)])
def test_a_default_number_of_layers_is_likely_only(default: str, confidence: Confidence | None) -> None:
    text = model(
        "nn.GRU(features, hidden, layers)", STATES + "return self.fc(h[0])", f"features, hidden, layers{default}"
    )
    assert [finding.confidence for finding in found(text)] == [confidence] * bool(confidence)


def test_a_call_of_the_file_decides_how_many_layers_there_are() -> None:
    text = model("nn.GRU(features, hidden, layers)", STATES + "return self.fc(h[0])", "features, hidden, layers=2")
    assert found(text + "\nprint(Model(3, 5, 1)(torch.randn(7, 4, 3)))\n") == []
    assert [finding.code for finding in found(text + "\nprint(Model(3, 5)(torch.randn(7, 4, 3)))\n")] == ["SHP105"]


VIEWS = [
    "first.view(7, 45)",
    "first.view(-1, 5)",
    "first.view(7, 9, 5, 1)",
    "first.view(7, 3, 3, 5)",
    "first.contiguous().view(7, 45)",
    "torch.relu(first).view(63, 5)",
    "nn.Dropout(0.1)(first).view(63, 5)",
    "linear(first).view(-1, 2)",
    "norm(first).view(-1, 5)",
    "first.clone().view(-1, 5)",
    "first.detach().view(-1, 5)",
    "first.transpose(0, 1).view(-1, 5)",
    "first.permute(2, 0, 1).view(5, -1)",
    "second.view(7, 45)",
    "second.transpose(0, 1).view(-1, 5)",
    "second.permute(1, 2, 0).view(9, -1)",
    "second.permute(0, 2, 1).reshape(7, -1)",
    "second.mT.view(7, 45)",
    "second.transpose(1, 2).transpose(1, 2).view(7, 45)",
    "single.view(-1, 5)",
    "h_n.transpose(0, 1).view(9, -1)",
    "h_n.view(9, -1)",
    "torch.cat((first, first), 2).view(-1, 10)",
    "first.softmax(-1).view(-1, 5)",
]


@pytest.mark.parametrize("expression", VIEWS)
def test_views_are_refused_as_torch_refuses_them(expression: str) -> None:
    text = f"""{HEAD}
first, _ = nn.GRU(3, 5, batch_first=True)(torch.randn(7, 9, 3))
single, _ = nn.GRU(3, 5, batch_first=True)(torch.randn(1, 9, 3))
second, h_n = nn.GRU(3, 5, 1)(torch.randn(7, 9, 3))
linear, norm = nn.Linear(5, 2), nn.LayerNorm(5)
result = {expression}
"""
    codes = {finding.code for finding in found(text)}
    assert bool(codes & {"SHP124", "SHP125"}) == refuses(text)


def refuses(text: str) -> bool:
    try:
        exec(compile(text, "example.py", "exec"), {})
    except RuntimeError as error:
        return "view size is not compatible" in str(error)
    return False


def test_a_view_in_the_place_of_a_permutation_is_not_mended_to_reshape() -> None:
    text = model(
        "nn.GRU(features, hidden, batch_first=True)",
        "out, _ = self.rnn(x)\nreturn out.view(x.size(1), x.size(0), self.hidden)",
    )
    finding = only(text, "SHP112")
    assert [claim.property for claim in finding.claims] == ["raises"]
    assert "out.permute(1, 0, 2)" in mended(text, finding)[0]


@pytest.mark.parametrize(
    ("squeezed", "fixed"),
    [
        ("h.squeeze()", "h.squeeze(0)"),
        ("torch.squeeze(h)", "torch.squeeze(h, 0)"),
        ("out[:, -1:].squeeze()", "out[:, -1:].squeeze(1)"),
        ("out[:, -1].squeeze()", "out[:, -1]"),
    ],
)
def test_a_bare_squeeze_gets_its_axis(squeezed: str, fixed: str) -> None:
    text = model("nn.GRU(features, hidden, batch_first=True)", f"out, h = self.rnn(x)\nreturn self.fc({squeezed})")
    assert f"self.fc({fixed})" in mended(text, only(text, "SHP115"))[0]


@pytest.mark.parametrize("use", ["F.mse_loss(h.squeeze(), x[:, 0])", "h.squeeze()", "self.fc(h.squeeze(0))"])
def test_a_squeeze_that_feeds_no_layer_is_not_judged(use: str) -> None:
    assert found(model("nn.GRU(features, hidden, batch_first=True)", f"out, h = self.rnn(x)\nreturn {use}")) == []


@pytest.mark.parametrize(("batch_first", "exchange"), [("True", "y.transpose(1, 2)"), ("False", "y.permute(2, 0, 1)")])
def test_channels_are_put_last(batch_first: str, exchange: str) -> None:
    text = f"""{HEAD}
y = nn.Conv1d(3, 5, 3)(torch.randn(4, 3, 9))
out, _ = nn.GRU(5, 2, batch_first={batch_first})(y)
"""
    assert exchange in mended(text, only(text, "SHP121"))[0]


def test_channels_are_no_mistake_where_there_are_as_many_steps() -> None:
    assert found(f"{HEAD}\ny = nn.Conv1d(3, 5, 3)(torch.randn(4, 3, 7))\nout, _ = nn.GRU(5, 2)(y)\n") == []


@pytest.mark.parametrize("mask", ["", ", padding_value=-1e9", ", padding_value=float('-inf')"])
def test_a_padding_value_of_its_own_is_meant(mask: str) -> None:
    text = f"""{HEAD}
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
packed = pack_padded_sequence(torch.randn(9, 3, 4), torch.tensor([9, 5, 2]))
out, _ = pad_packed_sequence(nn.GRU(4, 6)(packed)[0]{mask})
print(nn.Linear(6, 2)(out.max(0)[0]))
"""
    assert [finding.code for finding in found(text)] == ["SHP117"] * (not mask)
