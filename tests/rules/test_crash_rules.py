"""What the rules about certain crashes say and mend, beyond their own examples."""

from __future__ import annotations

import pytest
from followed import found, only

from shapelint.finding import Confidence, Finding
from shapelint.rules.base import load
from shapelint.verify.edits import apply_edits

load()

HEAD = "import torch\nfrom torch import nn\n"


def model(
    options: str, forward: str, parameters: str = "features, hidden", kind: str = "GRU", head: str = "hidden"
) -> str:
    lines = "".join(f"        {line}\n" for line in forward.splitlines())
    return f"""{HEAD}
class Model(nn.Module):
    def __init__(self, {parameters}):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.{kind}(features, hidden{options})
        self.fc = nn.Linear({head}, 3)

    def forward(self, x):
{lines}"""


def mended(text: str, finding: Finding) -> str:
    assert finding.fixes
    return apply_edits(text, finding.fixes[0].edits)


def test_a_state_sized_by_time_names_both_readings_and_shows_the_evidence() -> None:
    text = model("", "batch, steps, _ = x.size()\nh0 = torch.zeros(1, batch, self.hidden)\nreturn self.rnn(x, h0)[0]")
    finding = only(text, "SHP204")
    assert finding.help == (
        "if `x` is (batch, time, feature), build the layer with batch_first=True; "
        "if `x` is (time, batch, feature), take the batch size from axis 1, `steps`"
    )
    evidence = "this speaks for batch first: the size of this axis is called `batch`"
    assert evidence in [place.message for place in finding.related]
    rebuilt, resized = (apply_edits(text, fix.edits) for fix in finding.fixes)
    assert "nn.GRU(features, hidden, batch_first=True)" in rebuilt
    assert "torch.zeros(1, x.size(1), self.hidden)" in resized


def test_a_state_sized_by_time_is_mended_first_where_the_author_says_time_first() -> None:
    text = model("", "# x: (time, batch, feature)\nh0 = torch.zeros(1, x.size(0), 5)\nreturn self.rnn(x, h0)[0]")
    first, second = only(text, "SHP204").fixes
    assert "take the batch size from axis 1" in first.description
    assert "batch_first=True" in second.description


@pytest.mark.parametrize("layers", ["3", "num_layers=3"])
def test_a_state_of_one_layer_gets_all_of_them(layers: str) -> None:
    text = model(f", {layers}", "h0 = torch.zeros((1, x.size(1), self.hidden)).to(x)\nreturn self.rnn(x, h0)[0]")
    assert "torch.zeros((3, x.size(1), self.hidden))" in mended(text, only(text, "SHP203"))


def test_a_state_whose_sizes_are_written_elsewhere_is_not_mended() -> None:
    text = model(", 3", "shape = 1, x.size(1), self.hidden\nreturn self.rnn(x, torch.zeros(shape))[0]")
    assert not only(text, "SHP203").fixes


def test_a_flag_that_is_a_parameter_gets_no_edit_that_breaks_the_other_side() -> None:
    text = model(", bidirectional=both", "return self.fc(self.rnn(x)[0])", parameters="features, hidden, both=True")
    finding = only(text, "SHP501")
    assert finding.message.endswith("(when `both`)")
    assert not finding.fixes


def test_a_state_that_only_its_documentation_calls_a_tensor_is_not_judged() -> None:
    text = f'''{HEAD}
class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, hidden):
        """Decode.

        :param hidden: previous state, shape (num_layers, batch_size, hidden_size)
        """
        return self.rnn(x, hidden)[0]
'''
    assert found(text) == []


def test_what_is_tested_for_another_layer_class_is_not_that_layer() -> None:
    forward = """\
state = torch.zeros(1, x.size(1), self.hidden)
if isinstance(self.rnn, nn.LSTM):
    state = (state, state)
return self.rnn(x, state)[0]"""
    assert found(model("", forward)) == []
    assert found(model("", forward, kind="LSTM")) == []


@pytest.mark.parametrize(
    ("use", "start"),
    [
        ("out[:, -1]", "`out` is the tuple (output, (h_n, c_n)), which cannot be indexed"),
        ("out.size(0)", "`out` is the tuple (output, (h_n, c_n)), which has no `size`"),
        (
            "torch.relu(out)",
            "the result of nn.LSTM is the tuple (output, (h_n, c_n)), and relu takes one tensor",
        ),
        ("x + out", "the result of nn.LSTM is the tuple (output, (h_n, c_n)), and `+` needs a tensor"),
        ("self.fc(out[1])", "the state of nn.LSTM is the tuple (h_n, c_n), and Linear takes one tensor"),
    ],
)
def test_uses_of_the_result_tuple(use: str, start: str) -> None:
    (finding,) = found(model("", f"out = self.rnn(x)\nreturn {use}", kind="LSTM"))
    assert finding.message.startswith(start)


@pytest.mark.parametrize(
    "use", ["x.max(1).values.shape", "out.index(x)", "out[0].shape", "out[-1]", "out[:1]", "len(out)"]
)
def test_what_a_tuple_has_is_left_alone(use: str) -> None:
    assert found(model("", f"out = self.rnn(x)\nreturn {use}")) == []


def test_features_that_something_else_gives_are_not_blamed_on_the_layer() -> None:
    joined = "output, _ = self.rnn(x)\nreturn self.fc(torch.cat((output, output, output), dim=-1))"
    assert [finding for finding in found(model("", joined)) if finding.code.startswith("SHP5")] == []


def test_dropout_of_one_layer_is_told_for_any_caller() -> None:
    text = model(", dropout=rate", "return self.rnn(x)[0]", parameters="features, hidden, rate=0.3")
    assert "0.3 by default" in only(text, "SHP604").message
    called = text + "\nModel(3, 5, rate=0.0)(torch.randn(7, 4, 3))\n"
    assert found(called) == []


def test_a_name_that_is_used_again_is_not_taken_away() -> None:
    text = model("", "output, (h, cell) = self.rnn(x)\nreturn h, cell")
    assert not only(text, "SHP305").fixes


@pytest.mark.parametrize(
    "made", ["weight.new(x.size(0), 1, self.hidden).zero_()", "weight.new_zeros(x.size(0), 1, self.hidden)"]
)
def test_a_state_like_some_parameter_is_sized_too(made: str) -> None:
    forward = f"weight = next(self.parameters()).data\nh0 = {made}\nreturn self.rnn(x, h0)[0]"
    text = model(", batch_first=True", forward)
    swapped = made.replace("x.size(0), 1", "1, x.size(0)")
    assert f"h0 = {swapped}" in mended(text, only(text, "SHP201"))


def test_two_statements_that_the_batch_comes_first_are_enough_for_packing() -> None:
    forward = """\
packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
output, _ = self.rnn(packed)
return nn.utils.rnn.pad_packed_sequence(output, batch_first={flag})[0]"""
    text = model(", batch_first=True", forward.format(flag=True)).replace("(self, x)", "(self, x, lengths)")
    assert only(text, "SHP405").confidence is Confidence.MEDIUM
    other = model(", batch_first=True", forward.format(flag=False)).replace("(self, x)", "(self, x, lengths)")
    assert found(other) == []
