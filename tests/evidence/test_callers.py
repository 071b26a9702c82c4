"""Defaults that nobody leaves, and options that no run gives: what hangs on them is told at low confidence."""

from pathlib import Path

import pytest
from followed import DEFAULT

from shapelint.finding import Confidence
from shapelint.pipeline.check import Wanted, check_source
from shapelint.project.settings import values_given
from shapelint.rules.base import load
from shapelint.source import Source

load()


#: without `wide`, the LSTM gets too few features
MODEL = """\
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, words, size, hidden, wide=False):
        super().__init__()
        self.wide = wide
        self.embedding = nn.Embedding(words, size)
        if wide:
            self.widen = nn.Linear(size, 2 * size)
        self.lstm = nn.LSTM(2 * size, hidden, batch_first=True)

    def forward(self, ids):
        x = self.embedding(ids)
        if self.wide:
            x = self.widen(x)
        return self.lstm(x)[0][:, -1]


class Model(nn.Module):
    def __init__(self, words, wide=False):
        super().__init__()
        self.reader = Reader(words, 8, 16, wide=wide)

    def forward(self, ids):
        return self.reader(ids)
"""
USED = "from model import Model, Reader\n\nif __name__ == '__main__':\n    model = Model(100, wide=True)\n"
LEFT = {
    "by a function that nobody calls": "def old():\n    return Model(100)\n",
    "by a class that nobody makes": "class Old(object):\n    def __init__(self):\n        self.model = Model(100)\n",
    "by a method that nobody calls": """
class Trainer:
    def run(self):
        return Model(100, wide=True)

    def old(self):
        return Model(100)

Trainer().run()
""",
    "in a comment": "# model = Model(100)\n",
    "where nothing runs": "if False:\n    model = Model(100)\n",
    "nowhere: it is a type only": "def train(model: Model) -> Model:\n    return model\n",
}
TAKEN = {
    "at the top": "model = Model(100)\n",
    "by a function": "def old():\n    return Model(100)\n\nold()\n",
    "by a test": "def test_it():\n    assert Model(100)\n",
    "by what is registered": "@register\ndef old():\n    return Model(100)\n",
    "by a method of a class with unknown callers": """
class Trainer(Lightning):
    def setup(self):
        self.model = Model(100)

Trainer()
""",
    "by a table": "MODELS = {'model': Model}\n",
    "by a class that derives from it": "class More(Model):\n    pass\n\nMore(100)\n",
}


def level(folder: Path, files: dict[str, str], text: str = MODEL) -> Confidence:
    (folder / ".git").mkdir()
    for name, content in {**files, "model.py": text}.items():
        (folder / name).write_text(content)
    source = Source(str(folder / "model.py"), text)
    [candidate] = check_source(source, Wanted(DEFAULT, Confidence.LOW, prove=False)).candidates
    return candidate.finding.confidence


@pytest.mark.parametrize("rest", LEFT.values(), ids=LEFT)
def test_a_default_that_no_running_call_leaves(tmp_path: Path, rest: str) -> None:
    assert level(tmp_path, {"train.py": USED + rest}) is Confidence.LOW


@pytest.mark.parametrize("rest", TAKEN.values(), ids=TAKEN)
def test_a_default_that_one_leaves(tmp_path: Path, rest: str) -> None:
    assert level(tmp_path, {"train.py": USED + rest}) is Confidence.MEDIUM


def test_who_calls_what_nobody_calls_may_leave_it(tmp_path: Path) -> None:
    assert level(tmp_path, {}) is Confidence.MEDIUM


PARSED = """
import argparse
from model import Model

parser = argparse.ArgumentParser()
parser.add_argument("--wide", {option})
model = Model(100, wide=parser.parse_args().wide)
"""
COMMANDS = {
    "each gives it": (
        "type=int, default=0",
        "python train.py --wide 1\npython train.py \\\n    --size 3 \\\n    --wide=1\n",
        {1},
    ),
    "one leaves it": ("type=int, default=0", "python train.py --wide 1\npython train.py --size 3\n", {0, 1}),
    "one gives another": ("type=int, default=0", "python train.py --wide 1\npython train.py --wider 3\n", {0, 1}),
    "none is of this script": ("type=int, default=0", "python translate.py --wide 1\n", {0, 1}),
    "a switch that each gives": ("action='store_true'", "python train.py --wide --size 3\n", {True}),
    "a switch that one leaves": ("action='store_true'", "python train.py --wide\npython train.py\n", {False, True}),
}


@pytest.mark.parametrize(("option", "commands", "values"), COMMANDS.values(), ids=COMMANDS)
def test_the_default_of_an_option_is_for_a_command_without_it(
    tmp_path: Path, option: str, commands: str, values: set[object]
) -> None:
    files = {"train.py": PARSED.format(option=option), "run.sh": commands}
    assert level(tmp_path, files) is (Confidence.MEDIUM if 0 in values else Confidence.LOW)
    found = values_given(str(tmp_path / "model.py"), "wide")
    assert {(type(value), value) for value in found} == {(type(value), value) for value in values}


STATES = """\
import torch
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, hidden, both):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(size, hidden, batch_first=True, bidirectional=both)
        self.head = nn.Linear(hidden * (2 if both else 1), 2)

    def forward(self, x):
        {body}
"""
CRASHES = "return self.head(self.gru(x, torch.zeros(1, x.size(0), self.hidden))[0])"
READS_LAST = "return self.head(self.gru(x)[0][:, -1])"


@pytest.mark.parametrize(
    ("body", "options", "expected"),
    [
        (CRASHES, "action='store_true'", Confidence.MEDIUM),
        (CRASHES, "default=0, type=int, choices=[0, 1]", Confidence.MEDIUM),
        (CRASHES, "default=0, type=int", Confidence.LOW),
        (READS_LAST, "action='store_true'", Confidence.LOW),
        (READS_LAST, "default=0, type=int, choices=[0, 1]", Confidence.LOW),
        (READS_LAST, "default=1, type=int", Confidence.MEDIUM),
        (READS_LAST, "action='store_false'", Confidence.MEDIUM),
    ],
)
def test_what_an_option_offers_besides_its_default_may_raise_only(
    tmp_path: Path, body: str, options: str, expected: Confidence
) -> None:
    option = f"parser.add_argument('--both', {options})"
    assert level(tmp_path, {"train.py": option}, STATES.format(body=body)) is expected


ALONE = """\
from lightning import Lightning
import torch.nn as nn


class Reader({base}):
    def __init__(self, size, hidden):
        super().__init__()
        self.lstm = nn.LSTM(size, hidden)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        return self.lstm(x)[0]

    def {method}(self, x):
        return self.fc(self.lstm(x)[0])
"""
USES = "from model import Reader\n\nmodel = Reader(8, 16)\n"
CALLED = {
    "by nobody": ("nn.Module", "classify", USES, None, Confidence.LOW),
    "in a comment": ("nn.Module", "classify", USES + "# model.classify(x)\n", None, Confidence.LOW),
    "by nobody: private": ("nn.Module", "_classify", USES, "setup.py", Confidence.LOW),
    "somewhere": ("nn.Module", "classify", USES + "model.classify(x)\n", None, Confidence.HIGH),
    "by its name": ("nn.Module", "classify", USES + "getattr(model, 'classify')(x)\n", None, Confidence.HIGH),
    "by whoever installs it": ("nn.Module", "classify", USES, "setup.py", Confidence.HIGH),
    "by a base": ("Lightning", "validation_step", USES, None, Confidence.HIGH),
    "as nobody makes the class": ("nn.Module", "classify", "", None, Confidence.HIGH),
}


@pytest.mark.parametrize(("base", "method", "uses", "mark", "expected"), CALLED.values(), ids=CALLED)
def test_a_method_that_nobody_calls(
    tmp_path: Path, base: str, method: str, uses: str, mark: str | None, expected: Confidence
) -> None:
    files = {"train.py": uses} | ({mark: ""} if mark else {})
    assert level(tmp_path, files, ALONE.format(base=base, method=method)) is expected


LAYERS = """\
import torch
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, hidden, layers=2):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(size, hidden, layers)

    def forward(self, x):
        state = torch.zeros(1, x.size(1), self.hidden)
        return self.lstm(x, (state, state))[0]
"""


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ("Reader(8, 16, layers=1)\n", Confidence.LOW),
        ("Reader(8, 16, 1)\n\ndef old():\n    return Reader(8, 16)\n", Confidence.LOW),
        ("Reader(8, 16, layers=1)\nReader(8, 16)\n", Confidence.MEDIUM),
        ("Reader(8, 16, 2)\n", Confidence.MEDIUM),
        ("", Confidence.MEDIUM),
    ],
)
def test_a_number_that_no_running_call_leaves(tmp_path: Path, uses: str, expected: Confidence) -> None:
    assert level(tmp_path, {"train.py": uses}, LAYERS) is expected


#: one layer, whose dropout does nothing
DROPPING = """\
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, dropout=0.1):
        super().__init__()
        self.lstm = nn.LSTM(size, size, dropout=dropout)

    def forward(self, x):
        return self.lstm(x)[0]
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("Reader(8, dropout=args.drop)", Confidence.LOW),
        ("Reader(8, dropout=args.other)", Confidence.HIGH),
        ("Reader(8, 0)", Confidence.LOW),
        ("Reader(8, 0.3)", Confidence.HIGH),
        ("Reader(8)", Confidence.HIGH),
        ("READERS = {'plain': Reader}", Confidence.HIGH),
    ],
)
def test_a_dropout_by_default(tmp_path: Path, call: str, expected: Confidence) -> None:
    options = "args = argparse.ArgumentParser()\nargs.add_argument('--drop', type=float, default=0)\n"
    files = {
        "train.py": f"from model import Reader\nfrom options import args\n\nmodel = {call}\n",
        "options.py": options,
    }
    assert level(tmp_path, files, DROPPING) is expected


#: a state for batches of one size
FIXED = """\
import torch
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, batch_size):
        super().__init__()
        self.size, self.batch_size = size, batch_size
        self.gru = nn.GRU(size, size, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, self.batch_size, self.size)
        return self.gru(x, h)[0]
"""


@pytest.mark.parametrize(("drops", "expected"), [("True", 0), ("False", 1)])
def test_a_loader_elsewhere_that_leaves_the_last_batch_out(tmp_path: Path, drops: str, expected: int) -> None:
    loader = (
        f"from torch.utils.data import DataLoader\n\n\ndef load(d):\n    return DataLoader(d, 8, drop_last={drops})\n"
    )
    (tmp_path / ".git").mkdir()
    (tmp_path / "data.py").write_text(loader)
    (tmp_path / "model.py").write_text(FIXED)
    checked = check_source(Source(str(tmp_path / "model.py"), FIXED), Wanted(DEFAULT, Confidence.MEDIUM, prove=False))
    assert [one.finding.code for one in checked.candidates] == ["SHP205"] * expected
