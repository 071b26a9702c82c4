"""Sizes that a path assumes to be equal: where the defaults or a loader say otherwise, the crash is told."""

import pytest
from followed import DEFAULT

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
