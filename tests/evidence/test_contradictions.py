"""Sizes that a path assumes to be equal: where the defaults or a loader say otherwise, the crash is told."""

import pytest
from followed import DEFAULT
from reported import PLAIN, codes

from shapelint.finding import Confidence, Finding, Status
from shapelint.pipeline.check import Wanted, analyse_source, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.rules.base import load
from shapelint.source import Source
from shapelint.verify.client import Verifier

load()

MODEL = """\
import torch
import torch.nn as nn


class Model(nn.Module):
    def __init__(self, size, hidden=32{}):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.GRU(size, hidden, {}, batch_first=True)

    def forward(self, x):
        h_0 = torch.zeros({}, x.size(0), self.hidden)
        out, _ = self.rnn(x, h_0)
        return out[:, -1]
"""
TRAINED = """\
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

rnn = nn.LSTM(28, 32)
state = torch.zeros(1, {rows}, 32)
for images, labels in DataLoader(dataset, {loader}):
    out, _ = rnn(images.permute(1, 0, 2), (state, state))
"""


def findings(text: str, verifier: Verifier) -> tuple[Finding, ...]:
    return proven(check_source(Source("model.py", text), Wanted(DEFAULT)), verifier).findings


def test_a_default_that_does_not_fit_raises(verifier: Verifier) -> None:
    [finding] = findings(MODEL.format(", layers=2", "layers", "1"), verifier)
    assert finding.code == "SHP203"
    assert finding.message.endswith("(when `layers` is 2)")
    assert finding.confidence is Confidence.MEDIUM
    assert finding.verdict is not None
    assert finding.verdict.status is Status.CONFIRMED
    assert finding.fixes == ()  # its number would stand where the parameter belongs


@pytest.mark.parametrize(
    "text",
    [
        MODEL.format(", layers=1", "layers", "1"),
        MODEL.format(", layers=2", "layers", "self.rnn.num_layers"),
        MODEL.format(", layers=2", "1", "1"),
        MODEL.format("", "1", "1"),
    ],
)
def test_what_fits_with_the_defaults_is_silent(text: str, verifier: Verifier) -> None:
    assert findings(text, verifier) == ()


def test_who_calls_it_with_other_values_is_right(verifier: Verifier) -> None:
    text = MODEL.format(", layers=2", "layers", "1") + "\n\nModel(8, layers=1)(torch.randn(4, 5, 8))\n"
    assert findings(text, verifier) == ()


def test_the_path_that_fits_says_what_it_takes_the_default_for() -> None:
    traces = analyse_source(Source("model.py", MODEL.format(", layers=2", "layers", "1"))).traces
    decisions = [(d.subject, d.choice, d.likely) for t in traces for d in t.decisions]
    assert decisions == [("layers", 1, False), ("layers", 2, True)]


def test_a_loader_gives_batches_of_the_size_that_it_was_told(verifier: Verifier) -> None:
    [finding] = findings(TRAINED.format(rows=28, loader="batch_size=64"), verifier)
    assert finding.code == "SHP205"
    assert finding.message.endswith("(when `batch_size` is 64)")


@pytest.mark.parametrize("loader", ["batch_size=28", "batch_size=64, collate_fn=side_by_side", "batch_size=size", ""])
def test_a_loader_that_may_give_what_fits_is_silent(loader: str, verifier: Verifier) -> None:
    assert findings(TRAINED.format(rows=28, loader=loader), verifier) == ()


DIALOG = """
    class Dialog(nn.Module):
        def __init__(self, size=16, hidden=20, ctx=24):
            super().__init__()
            self.turn = nn.GRU(size, hidden, batch_first=True, bidirectional=True)
            self.ctx = nn.GRU(2 * hidden, ctx{layout})
            self.fc = nn.Linear(ctx, 3)

        def encode(self, dialog):
            B, U, T, F = dialog.shape
            _, h = self.turn(dialog.view(B * U, T, F))
            u = h.permute(1, 0, 2).reshape(B * U, -1){cut}
            return self.ctx(u)[0]

        def forward(self, dialog):
            return self.fc(self.encode(dialog))

        def respond(self, dialog):
            return self.fc(self.encode(dialog)[:, -1])

    model = Dialog()
    dialogs = torch.randn(3, 4, 8, 16)
    model(dialogs)
    model.respond(dialogs[:1])
    """


@pytest.mark.parametrize("cut", [".view(B, U, -1)", ".reshape(B, -1, 40)"])
def test_the_turns_of_one_dialog_are_its_steps(cut: str) -> None:
    text = DIALOG.format(layout=", batch_first=True", cut=cut)
    assert codes(text, PLAIN) == []


def test_the_turns_of_one_dialog_that_a_layer_reads_as_samples_are_told() -> None:
    text = DIALOG.format(layout="", cut=".unsqueeze(0)").replace("dialog.shape", "1, *dialog.shape")
    text = text.replace("(3, 4, 8, 16)", "(4, 8, 16)").replace("dialogs[:1]", "dialogs").replace("B * U", "U")
    assert codes(text, PLAIN) == ["SHP102"]
