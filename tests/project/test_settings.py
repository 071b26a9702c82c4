"""What a project gives a name, and what follows for findings that hold on one side of a condition only."""

from pathlib import Path

import pytest
from followed import DEFAULT

from shapelint.finding import Confidence
from shapelint.pipeline.check import Wanted, check_source
from shapelint.project.files import MAX_FILES, MAX_TAKEN, files_of, project_of, texts_with
from shapelint.project.settings import values_given
from shapelint.project.written import Something
from shapelint.rules.base import load
from shapelint.source import Source

load()


MODEL = """\
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, hidden, bidirectional{default}):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(hidden * (2 if bidirectional else 1), 2)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])
"""

#: the same project by what it says of `bidirectional`: a file, its text, the values that it gives
SAID: dict[str, tuple[str, str, set[object]]] = {
    "a keyword": ("train.py", "model = Reader(8, 16, bidirectional=True)", {True}),
    "a place": ("train.py", "from model import Reader\nmodel = Reader(8, 16, False)", {False}),
    "a constant": ("train.py", "BOTH = True\nmodel = Reader(8, 16, bidirectional=BOTH)", {True}),
    "a field": ("config.py", "class Config:\n    bidirectional: bool = False", {False}),
    "a field with a factory": ("config.py", "class Config:\n    bidirectional: bool = field(default=True)", {True}),
    "an attribute": ("config.py", "config.bidirectional = True", {True}),
    "an entry": ("config.py", "config['bidirectional'] = False", {False}),
    "a dict": ("config.py", "CONFIG = {'bidirectional': True, 'size': 3}", {True}),
    "a default": ("build.py", "def build(bidirectional=False):\n    pass", {False}),
    "a keyword's default": ("build.py", "def build(*, bidirectional=True):\n    pass", {True}),
    "a switch": ("train.py", "parser.add_argument('--bidirectional', action='store_true')", {False}),
    "an option": ("train.py", "parser.add_argument('-b', '--bi', dest='bidirectional', default=False)", {False}),
    "a switch that is on": ("train.py", "parser.add_argument('--bidirectional', action='store_false')", {True}),
    "choices and a default": (
        "train.py",
        "parser.add_argument('--bidirectional', type=int, default=0, choices=[0, 1])",
        {0},
    ),
    "choices": ("train.py", "parser.add_argument('--bidirectional', type=int, choices=[0, 1])", {0, 1}),
    "a flag of click": ("train.py", "@click.option('--bidirectional', is_flag=True)\ndef f(): ...", {False}),
    "a search": ("search.py", "trial.suggest_categorical('bidirectional', [True, False])", {False, True}),
    "a grid": ("search.py", "GRID = {'bidirectional': [False]}", {False}),
    "yaml": ("conf/model.yaml", "model:\n  bidirectional: yes  # both\n  size: 3\n", {True}),
    "a list in yaml": ("conf/sweep.yml", "bidirectional: [true, false]\n", {False, True}),
    "json": ("conf/model.json", '{"bidirectional": false, "size": 3}', {False}),
    "toml": ("conf/model.toml", "[model]\nbidirectional = true\n", {True}),
    "a command": ("run.sh", "python train.py --bidirectional --size 3\n", {True}),
    "a value in a command": ("README.md", "    python train.py --bidirectional=True --size 3\n", {True}),
    "a notebook": ("look.ipynb", '{"source": ["model = Reader(8, 16, bidirectional=True)\\n"]}', {True}),
    "a number in a command": ("run.sh", "python train.py --bidirectional 1 --size 3\n", {1}),
    "another name's value": (
        "train.py",
        "args.both = True\nmodel = Reader(8, 16, bidirectional=args.both)",
        {True},
    ),
    "something": ("train.py", "model = Reader(8, 16, bidirectional=args.both)", {Something()}),
    "handed on": ("train.py", "model = Reader(8, 16, bidirectional=args.bidirectional)", set()),
    "no value": ("train.py", "def build(bidirectional=None):\n    pass", set()),
    "a layer of torch": ("other.py", "import torch.nn as nn\nrnn = nn.GRU(3, 4, bidirectional=True)", set()),
    "a layer by name": ("other.py", "from torch.nn import GRU\nrnn = GRU(3, 4, bidirectional=True)", set()),
    "another name": ("train.py", "model = Reader(8, 16, not_bidirectional=True)", set()),
    "text": ("notes.md", "A bidirectional: the layer reads both ways, bidirectional or not.\n", set()),
    "what Python does not read": ("old.py", "print 'bidirectional = True'\n", set()),
}


def project(folder: Path, path: str, text: str, default: str = "") -> Source:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / path).parent.mkdir(exist_ok=True, parents=True)
    (folder / path).write_text(text)
    model = folder / "models" / "model.py"
    model.parent.mkdir(exist_ok=True)
    model.write_text(MODEL.format(default=default))
    return Source(str(model), model.read_text())


def typed(values: object) -> set[tuple[type, object]]:
    assert isinstance(values, set | tuple)
    return {(type(value), value) for value in values}


@pytest.mark.parametrize(("path", "text", "values"), SAID.values(), ids=SAID)
def test_the_values_that_a_project_gives_a_name(tmp_path: Path, path: str, text: str, values: set[object]) -> None:
    source = project(tmp_path, path, text)
    assert typed(values_given(source.path, "bidirectional")) == typed(values)


@pytest.mark.parametrize(("path", "text", "values"), SAID.values(), ids=SAID)
def test_a_side_that_nobody_takes_is_told_at_low_confidence(
    tmp_path: Path, path: str, text: str, values: set[object]
) -> None:
    check = check_source(project(tmp_path, path, text), Wanted(DEFAULT, Confidence.LOW, prove=False))
    [finding] = [candidate.finding for candidate in check.candidates]
    assert finding.code == "SHP103"
    assert "(when `bidirectional`)" in finding.message
    is_refused = bool(values) and not any(value in (True, Something()) for value in values)
    assert finding.confidence is (Confidence.LOW if is_refused else Confidence.MEDIUM)


def test_a_caller_overrules_the_default(tmp_path: Path) -> None:
    source = project(tmp_path, "train.py", "model = Reader(8, 16, bidirectional=True)", default="=False")
    [candidate] = check_source(source, Wanted(DEFAULT, Confidence.LOW, prove=False)).candidates
    assert candidate.finding.confidence is Confidence.MEDIUM


def test_a_default_that_nobody_overrules_counts(tmp_path: Path) -> None:
    source = project(tmp_path, "train.py", "model = Reader(8, 16)", default="=False")
    [candidate] = check_source(source, Wanted(DEFAULT, Confidence.LOW, prove=False)).candidates
    assert candidate.finding.confidence is Confidence.LOW


def test_a_repository_ends_a_project(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner" / "models"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / "pyproject.toml").touch()
    assert project_of(str(inner / "model.py")).root == tmp_path / "outer"
    (tmp_path / "outer" / "inner" / ".git").mkdir()
    assert project_of(str(inner / "model.py")).root == tmp_path / "outer" / "inner"


def test_a_file_without_a_project_has_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for path in ("model.py", "train.py", "inner/other.py"):
        (tmp_path / path).touch()
    found = files_of(project_of(str(tmp_path / "model.py")))
    assert found == tuple(str(tmp_path / name) for name in ("model.py", "train.py"))


def test_a_project_is_read_within_bounds(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for number in range(MAX_FILES + 10):
        (tmp_path / f"file{number}.py").write_text("kind = 1  " + "#" * (MAX_TAKEN // MAX_FILES * 2))
    project = project_of(str(tmp_path / "file0.py"))
    assert len(files_of(project)) == MAX_FILES
    assert sum(len(text) for _, text in texts_with(project, "mention", "kind")) <= MAX_TAKEN


OPEN = """\
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, hidden, **options):
        super().__init__()
        self.rnn = nn.GRU(size, hidden, batch_first=True, **options)
        self.head = nn.Linear(hidden, 2)

    def forward(self, x):
        _, state = self.rnn(x)
        return self.head(state[-1])
"""


@pytest.mark.parametrize("value", ["true", "false", None])
def test_an_option_that_the_code_does_not_name_counts_where_the_project_gives_it(
    tmp_path: Path, value: str | None
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model.py").write_text(OPEN)
    if value is not None:
        (tmp_path / "options.json").write_text(f'{{"bidirectional": {value}}}')
    check = check_source(Source(str(tmp_path / "model.py"), OPEN), Wanted(DEFAULT, Confidence.LOW, prove=False))
    levels = [one.finding.confidence for one in check.candidates if one.finding.code == "SHP104"]
    assert all(level is (Confidence.MEDIUM if value == "true" else Confidence.LOW) for level in levels)
    assert levels or value != "true"


def test_a_module_is_named_without_its_folders(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "constant.py").write_text("import argparse\nlstm = argparse.ArgumentParser().parse_args().lstm\n")
    text = MODEL.format(default="").replace("import torch.nn as nn", "import torch.nn as nn\nimport constant")
    text = text.replace("bidirectional=bidirectional", "bidirectional=constant.both")
    text = text.replace("if bidirectional", "if constant.both")
    (tmp_path / "model.py").write_text(text)
    check = check_source(Source(str(tmp_path / "model.py"), text), Wanted(DEFAULT, Confidence.LOW, prove=False))
    assert ["(when `constant.both`)" in one.finding.message for one in check.candidates] == [True]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("self.bidirectional = bidirectional", set()),
        ("self.rnn = Reader(8, 16, bidirectional)", {True}),
        (
            "self.bidirectional = bidirectional\n        self.rnn = Reader(8, 16, bidirectional=self.bidirectional)",
            {True},
        ),
    ],
)
def test_a_default_of_another_module_is_its_own(tmp_path: Path, body: str, expected: set[object]) -> None:
    other = f"class Other(nn.Module):\n    def __init__(self, bidirectional=True):\n        {body}\n\n"
    other += "    def forward(self, x):\n        return x\n"
    source = project(tmp_path, "other.py", other)
    assert set(values_given(source.path, "bidirectional")) == expected


CELLS = """\
import torch.nn as nn


class Reader(nn.Module):
    def __init__(self, size, hidden, kind):
        super().__init__()
        self.kind = kind
        self.rnn = nn.LSTM(size, hidden, 2) if kind.lower() == "lstm" else nn.GRU(size, hidden, 2)

    def forward(self, x):
        if self.kind == "{asked}":
            out, (h_n, _) = self.rnn(x)
        else:
            out, h_n = self.rnn(x)
        return out, h_n.relu()
"""


@pytest.mark.parametrize("given", ["lstm", "gru", "LSTM"])
def test_what_a_project_gives_must_fit_the_whole_path(tmp_path: Path, given: str) -> None:
    """Whoever gives "lstm" takes no path for "LSTM", though one of its conditions is true of both."""
    source = project(tmp_path, "train.py", f"Reader(8, 16, kind={given!r})")
    text = CELLS.format(asked="lstm")
    Path(source.path).write_text(text)
    check = check_source(Source(source.path, text), Wanted(DEFAULT, Confidence.LOW, prove=False))
    found = {(candidate.finding.code, candidate.finding.confidence) for candidate in check.candidates}
    assert found == {("SHP207", Confidence.MEDIUM if given == "LSTM" else Confidence.LOW)}
