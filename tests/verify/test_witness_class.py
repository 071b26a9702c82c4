"""`shapelint witness --with-class`: scripts that run the user's own class, run here on code that the tests write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from torch_python import TorchPython

from shapelint.cli import run

pytestmark = pytest.mark.usefixtures("kept_processes")

SENTIMENT = """\
import torch.nn as nn


class Sentiment(nn.Module):
    def __init__(self, vocab_size, hidden_size, classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, 64)
        self.lstm = nn.LSTM(64, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, classes)

    def forward(self, tokens):
        out, (h_n, c_n) = self.lstm(self.embedding(tokens))
        return self.head(out[-1])
"""

CHOICES = """\
import torch.nn as nn


class Model(nn.Module):
    def __init__(self, rnn_type, size, hidden, num_layers, dropout, pad, bidirectional=True, hint=[1]):
        super().__init__()
        if rnn_type == "GRU":
            self.rnn = nn.GRU(size, hidden, num_layers, batch_first=True, dropout=dropout, bidirectional=bidirectional)
        else:
            self.rnn = nn.LSTM(size, hidden, num_layers, batch_first=True, bidirectional=bidirectional)
        self.stacked = num_layers > 1
        self.rnn_type = rnn_type
        self.pad = nn.Embedding(7, hidden, padding_idx=pad)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, hidden=None, scale=None):
        out, _ = self.rnn(self.drop(x), hidden)
        if self.rnn_type == "GRU" and self.stacked:
            return {"last": (out[-1], out)}
        return {"last": (out[:, -1], out)}
"""

MISFIT = """\
import torch.nn as nn


class Tagger(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(hidden, 5)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out)
"""

PARTS = """\
import enum


class Kind(enum.Enum):
    LSTM = "lstm"
    GRU = "gru"
"""

PACKED = """\
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .parts import Kind


class Encoder(nn.Module):
    def __init__(self, kind: Kind, size: int, hidden: int = 128):
        super().__init__()
        self.rnn = (nn.GRU if kind == Kind.GRU else nn.LSTM)(size, hidden, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return out[:, -1]
"""

STATE = """\
import torch.nn as nn


class Decoder(nn.Module):
    def __init__(self, size, hidden, layers=2):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden, layers, batch_first=True)
        self.width = hidden * layers

    def forward(self, x, state):
        h, c = state
        out, (h, c) = self.rnn(x, (h, c))
        return h.view(-1, self.width), (h, c)
"""

Shown = tuple[int, str, str]
Printed = Callable[[str, Path], str]


@pytest.fixture
def witness(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Shown]:
    """Write a file, ask for the script of the line that holds a text, and give status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def ask(code: str, at: str, name: str = "model.py") -> Shown:
        Path(name).write_text(code)
        line = next(number for number, text in enumerate(code.splitlines(), 1) if at in text)
        status = run(["witness", "--with-class", f"{name}:{line}"])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return ask


@pytest.fixture
def printed(torch_python: TorchPython) -> Printed:
    """What a script prints that is run somewhere else."""

    def printed(script: str, folder: Path) -> str:
        done = torch_python.run(script, folder)
        assert done.returncode == 0, done.stderr + script
        return done.stdout

    return printed


def test_the_mistake_shows_with_the_own_class_until_it_is_mended(
    witness: Callable[..., Shown], tmp_path_factory: pytest.TempPathFactory, printed: Printed
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    status, script, errors = witness(SENTIMENT, "out[-1]")
    assert (status, errors) == (0, "")
    assert "    model = Sentiment(vocab_size=11, hidden_size=13).eval()" in script.splitlines()
    assert "executes that file" in script
    before = printed(script, elsewhere)
    assert "sample 0 reaches the output rows []" in before
    assert "sample 2 reaches the output rows [0, 1, 2, 3, 4]" in before
    Path("model.py").write_text(SENTIMENT.replace("out[-1]", "out[:, -1]"))
    assert printed(script, elsewhere).splitlines() == [
        "the result is (3, 2) for 3 samples",
        *(f"sample {sample} reaches the output rows [{sample}]" for sample in range(3)),
    ]


def test_choices_of_the_path_and_what_torch_takes_are_given(
    witness: Callable[..., Shown], tmp_path: Path, printed: Printed
) -> None:
    status, script, _ = witness(CHOICES, "(out[-1], out)")
    assert status == 0
    for given in ("rnn_type='GRU'", "num_layers=2", "dropout=0.0", "pad=None"):
        assert given in script
    for left_out in ("bidirectional=", "hint=", "scale=", "hidden=None"):
        assert left_out not in script.partition("import sys")[2]
    assert "return model(x)['last'][0]" in script
    assert "sample 2 reaches the output rows [0, 1, 2, 3, 4]" in printed(script, tmp_path)


def test_an_error_shows_with_its_line(witness: Callable[..., Shown], tmp_path: Path, printed: Printed) -> None:
    status, script, _ = witness(MISFIT, "self.head(out)")
    assert status == 0
    told = printed(script, tmp_path)
    assert told.startswith("line 12 raises RuntimeError: ")  # newer versions of torch name the operation here
    assert told.endswith("mat1 and mat2 shapes cannot be multiplied (21x26 and 13x5)\n")
    Path("model.py").write_text(MISFIT.replace("nn.Linear(hidden,", "nn.Linear(2 * hidden,"))
    assert printed(script, tmp_path) == "nothing is raised; the result is (3, 7, 5)\n"


def test_a_module_of_a_package_is_imported_from_the_folder_above(
    witness: Callable[..., Shown], tmp_path_factory: pytest.TempPathFactory, printed: Printed
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for package in ("speech", "speech/nets"):
        Path(package).mkdir()
        Path(package, "__init__.py").touch()
    Path("speech/nets/parts.py").write_text(PARTS)
    status, script, _ = witness(PACKED, "out[:, -1]", "speech/nets/encoder.py")
    assert status == 0
    assert "from speech.nets.encoder import Encoder, Kind" in script.splitlines()
    assert (
        "Encoder(kind=Kind.GRU, size=11, hidden=13)" in script
        or "Encoder(kind=Kind.LSTM, size=11, hidden=13)" in script
    )
    shown = printed(script, elsewhere)
    assert "the last step of sample 0 reaches the output rows []" in shown
    assert "the last step of sample 1 reaches the output rows [1]" in shown


def test_a_state_has_the_shapes_that_the_layer_gives_back(
    witness: Callable[..., Shown], tmp_path: Path, printed: Printed
) -> None:
    status, script, _ = witness(STATE, "h.view")
    assert status == 0
    assert "state = (torch.randn(2, 3, 13), torch.randn(2, 3, 13))" in script.splitlines()
    assert "sample 0 reaches the output rows [0, 1]" in printed(script, tmp_path)


def test_names_of_the_script_are_kept_from_those_of_arguments(
    witness: Callable[..., Shown], tmp_path: Path, printed: Printed
) -> None:
    code = (
        SENTIMENT.replace("(self, tokens)", "(self, tokens, x, model)")
        .replace("self.embedding(tokens))", "self.embedding(tokens) + x * model)")
        .replace("    def forward", "    def forward")
    )
    code = code.replace("        out,", "        a, b, c = x.shape\n        a, b, c = model.shape\n        out,")
    status, script, _ = witness(code, "out[-1]")
    assert status == 0
    assert "return model(tokens, x, model_)" in script
    assert "sample 2 reaches the output rows" in printed(script, tmp_path)


def test_the_mode_is_that_of_the_path(witness: Callable[..., Shown]) -> None:
    last = (
        "        if not self.training:\n            return self.head(out[:, -1])\n        return self.head(out[-1])\n"
    )
    code = SENTIMENT.replace("        return self.head(out[-1])\n", last)
    status, script, _ = witness(code, "out[-1]")
    assert status == 0
    assert ".train()" in script


def test_a_plain_class_has_no_mode(witness: Callable[..., Shown], tmp_path: Path, printed: Printed) -> None:
    code = (
        SENTIMENT.replace("(nn.Module)", "").replace("        super().__init__()\n", "").replace("forward(", "score(")
    )
    status, script, _ = witness(code, "out[-1]")
    assert status == 0
    assert "eval()" not in script
    assert "model.score(x)" in script
    assert "sample 2 reaches the output rows" in printed(script, tmp_path)


WITH_CONFIG = (
    SENTIMENT.replace("(self, vocab_size, hidden_size, classes=2)", "(self, config, classes=2)")
    .replace("hidden_size", "config.hidden")
    .replace("vocab_size", "config.vocab")
)
IN_A_FUNCTION = """\
import torch.nn as nn


def encode(x):
    out, _ = nn.LSTM(3, 5, batch_first=True)(x)
    return out[-1]
"""
AT_TOP_LEVEL = """\
import torch
import torch.nn as nn

out, _ = nn.LSTM(3, 5, batch_first=True)(torch.randn(32, 20, 3))
scores = nn.Linear(5, 2)(out[-1])
"""


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (WITH_CONFIG, "nothing tells what to give for `config`"),
        (IN_A_FUNCTION, "it is in the function `encode`, not in a method of a class"),
        (AT_TOP_LEVEL, "it is in the module's top level, not in a method of a class"),
        (
            SENTIMENT.replace("classes=2", "**more").replace("classes", 'more["classes"]'),
            'nothing tells what to give for `more["classes"]`',
        ),
        (
            SENTIMENT.replace("        out,", "        tokens = tokens.cuda()\n        out,"),
            "line 12 moves a tensor to a device of its own choice",
        ),
        (SENTIMENT.replace("return self", "yield self"), "`Sentiment.forward` is a generator"),
        (SENTIMENT.replace("    def forward", "    async def forward"), "`Sentiment.forward` is a coroutine"),
    ],
    ids=["config", "function", "script", "rest", "device", "generator", "coroutine"],
)
def test_what_cannot_be_constructed_is_refused_in_one_line(witness: Callable[..., Shown], code: str, why: str) -> None:
    status, script, errors = witness(code, "out[-1]")
    assert (status, script) == (2, "")
    assert len(errors.splitlines()) == 1
    assert why in errors
    assert "`shapelint witness model.py:" in errors
    assert errors.endswith("prints a script that needs only torch\n")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("two.parts.py", "`two.parts` is no name that can be imported"),
        ("my-model.py", "`my-model` is no name that can be imported"),
        ("random.py", "another module is imported by the name of `random`"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused(witness: Callable[..., Shown], name: str, why: str) -> None:
    status, script, errors = witness(SENTIMENT, "out[-1]", name)
    assert (status, script) == (2, "")
    assert why in errors


def test_a_place_without_a_finding(witness: Callable[..., Shown]) -> None:
    status, _, errors = witness(SENTIMENT, "self.lstm = ")
    assert status == 2
    assert "model.py:8: nothing is found here" in errors


def test_the_code_is_not_run_by_printing(witness: Callable[..., Shown]) -> None:
    status, _, _ = witness("import os\nos.mkdir('ran')\n" + SENTIMENT, "out[-1]")
    assert status == 0
    assert not Path("ran").exists()
