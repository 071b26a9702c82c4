"""What gives a tensor knows its batch axis: a layer that reads it otherwise does not overrule it."""

from textwrap import dedent

import pytest
from followed import DEFAULT

from shapelint.finding import Finding, Status
from shapelint.pipeline.check import FileCheck, Wanted, analyse_source, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.report.shapes.rows import rows_of
from shapelint.rules.base import load
from shapelint.source import Source
from shapelint.verify.client import Verifier

load()

HEAD = "import torch\nimport torch.nn as nn\nfrom torch.utils.data import DataLoader, TensorDataset\n"


def checked(text: str) -> FileCheck:
    check = check_source(Source("model.py", HEAD + dedent(text)), Wanted(DEFAULT))
    assert not check.problems
    return check


def found(text: str) -> list[Finding]:
    return [candidate.finding for candidate in checked(text).candidates]


def model(built: str, forward: str) -> str:
    lines = "\n".join(f"        {line}" for line in forward.split("; "))
    return f"""
class Model(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.layers = options
        {built}
        self.head = nn.Linear(20, 4)

    def forward(self, x):
{lines}
"""


CONV1D = "self.conv = nn.Conv1d(3, 8, 5, padding=2); self.rnn = nn.GRU(8, 20{})"
CONV2D = "self.conv = nn.Conv2d(1, 8, 3); self.pool = nn.MaxPool2d((2, 1)); self.rnn = nn.LSTM(8 * 7, 20{})"
ALONE = "self.conv = nn.Conv2d(3, 8, 3); self.pool = nn.AdaptiveAvgPool2d(1); self.rnn = nn.LSTM(8, 20{})"

BATCH_READ_AS_TIME = {
    "the steps of a Conv1d": (
        CONV1D,
        "out, _ = self.rnn(torch.relu(self.conv(x)).transpose(1, 2)); return self.head(out)",
    ),
    "the width of an image": (
        CONV2D,
        "y = self.pool(self.conv(x)); y = y.permute(0, 3, 1, 2).flatten(2); return self.head(self.rnn(y)[0])",
    ),
    "features before the convolution": (
        CONV1D,
        "y = self.conv(x.permute(0, 2, 1)); y = y.permute(0, 2, 1); y, h = self.rnn(y); return self.head(y)",
    ),
}


@pytest.mark.parametrize(("built", "forward"), BATCH_READ_AS_TIME.values(), ids=BATCH_READ_AS_TIME)
def test_a_missing_batch_first_after_a_convolution(built: str, forward: str, verifier: Verifier) -> None:
    (finding,) = proven(checked(model(built.format(""), forward)), verifier).findings
    assert finding.verdict is not None
    assert (finding.code, finding.verdict.status) == ("SHP110", Status.CONFIRMED)
    assert found(model(built.format(", batch_first=True"), forward)) == []


SAMPLES_THAT_ARE_STEPS = {
    "the frames of one video": (
        ALONE,
        "y = self.pool(self.conv(x)).flatten(1); return self.head(self.rnn(y.unsqueeze(1))[0][-1])",
    ),
    "frames and samples together": (
        ALONE,
        "y = self.pool(self.conv(x)).view(-1, self.layers.batch, 8); return self.head(self.rnn(y)[0][-1])",
    ),
    "samples one by one": (
        ALONE,
        "y = torch.stack([self.pool(self.conv(one)).flatten(1) for one in x], 1); return self.head(self.rnn(y)[0][-1])",
    ),
    "the time put first": (CONV1D, "y = self.conv(x).permute(2, 0, 1); return self.head(self.rnn(y)[0][-1])"),
}


@pytest.mark.parametrize(("built", "forward"), SAMPLES_THAT_ARE_STEPS.values(), ids=SAMPLES_THAT_ARE_STEPS)
def test_samples_of_a_convolution_that_are_steps(built: str, forward: str) -> None:
    assert found(model(built.format(""), forward)) == []


def training(loader: str, call: str = "model(x)", batch_first: str = "") -> str:
    return (
        model(f"self.rnn = nn.LSTM(6, 20{batch_first})", "return self.head(self.rnn(x)[0])")
        + f"""
model = Model(None)
loader = {loader}
for x, y in loader:
    loss = nn.functional.mse_loss({call}, y)
    loss.backward()
"""
    )


LOADERS = (
    "DataLoader(dataset, batch_size=32, shuffle=True)",
    "DataLoader(TensorDataset(xs, ys), 32, True, num_workers=2)",
    "torch.utils.data.DataLoader(dataset, shuffle=True, drop_last=True, batch_size=size)",
)


@pytest.mark.parametrize("loader", LOADERS)
def test_a_missing_batch_first_behind_a_loader(loader: str) -> None:
    (finding,) = found(training(loader))
    assert finding.code == "SHP110"
    assert "the loader stacks samples along axis 0" in [place.message for place in finding.related]
    assert found(training(loader, batch_first=", batch_first=True")) == []
    assert found(training(loader, call="model(x.transpose(0, 1))")) == []


@pytest.mark.parametrize(
    "loader",
    [
        "DataLoader(dataset, batch_size=32, shuffle=True, collate_fn=time_first)",
        "DataLoader(dataset, batch_size=None, shuffle=True)",
        "DataLoader(dataset, batch_sampler=sampler)",
        "DataLoader(dataset, **options)",
        "DataLoader(windows, batch_size=bptt)",  # in order: the samples may be steps
        "make_loader(dataset, batch_size=32, shuffle=True)",
    ],
)
def test_a_loader_that_may_lay_out_batches_otherwise(loader: str) -> None:
    assert found(training(loader)) == []


def test_the_batch_of_a_convolution_is_shown_as_such() -> None:
    built, forward = BATCH_READ_AS_TIME["the steps of a Conv1d"]
    source = Source("model.py", HEAD + model(built.format(""), forward))
    rows = {row.name: (row.shape, row.roles) for row in rows_of(analyse_source(source).traces)}
    assert rows["self.conv(x)"] == (("B", 8, "T"), ("batch", "channel", "time"))
    assert rows["out"] == (("B", "T", 20), ("time", "batch", "feature"))
