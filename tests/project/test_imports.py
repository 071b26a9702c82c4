"""Findings that other files of the project take part in: their places are named, and they are not edited."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

import pytest
from folders import write

import shapelint.reading
import shapelint.rules
from shapelint.cli import run

pytestmark = pytest.mark.usefixtures("kept_processes")

LAYERS = """\
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
"""
MODEL = """\
from torch import nn
{imports}

class Model(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.encoder = {encoder}(features, 16)
        self.gru = nn.GRU(16, 4, batch_first=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        output, _ = self.encoder.lstm(x)
        steps, _ = self.gru(output)
        return self.head(output[-1]), steps
"""
BUILT = "this LSTM has batch_first=True"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    run(list(arguments))
    shown = capsys.readouterr()
    assert "SHP001" not in shown.err, "the problems of an imported file are its own"
    return shown.out


def findings_in(capsys: pytest.CaptureFixture[str], path: str) -> list[dict[str, Any]]:
    report = json.loads(output_of(capsys, "--verify=off", "--output-format=json", path))
    assert report["errors"] == []
    found: list[dict[str, Any]] = report["findings"]
    for each in (*found, *(place for finding in found for place in finding["related"])):
        each["path"] = Path(each["path"]).as_posix()
    return found


@pytest.mark.parametrize("source", ["", "src/"])
@pytest.mark.parametrize(
    ("imports", "encoder"),
    [
        ("from .layers import Encoder", "Encoder"),
        ("from pkg.layers import Encoder", "Encoder"),
        ("from pkg import Encoder", "Encoder"),
        ("from . import layers", "layers.Encoder"),
        ("from .layers import *", "Encoder"),
    ],
)
def test_the_construction_is_shown_where_it_is(
    root: Path, capsys: pytest.CaptureFixture[str], imports: str, encoder: str, source: str
) -> None:
    write(
        root,
        {
            f"{source}pkg/__init__.py": "from .layers import Encoder\n",
            f"{source}pkg/layers.py": LAYERS,
            f"{source}pkg/model.py": MODEL.format(imports=imports, encoder=encoder),
        },
    )
    (found,) = findings_in(capsys, f"{source}pkg/model.py")
    assert (found["code"], found["path"], found["line"]) == ("SHP101", f"{source}pkg/model.py", 14)
    place = {"path": f"{source}pkg/layers.py", "line": 6, "column": 21, "message": BUILT, "cell": None}
    assert found["related"] == [place]
    text = output_of(capsys, "--verify=off", f"{source}pkg/model.py").replace(os.sep, "/")
    assert f"   = see:   {source}pkg/layers.py:6: {BUILT}\n" in text
    assert text.count(BUILT) == 1, "no mark for a line of another file"


def test_a_script_outside_src_reads_the_package_in_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = MODEL.format(imports="from pkg.layers import Encoder", encoder="Encoder")
    write(root, {"src/pkg/__init__.py": "", "src/pkg/layers.py": LAYERS, "train.py": model})
    (found,) = findings_in(capsys, "train.py")
    assert [place["path"] for place in found["related"]] == ["src/pkg/layers.py"]


def test_a_module_beside_and_another_one_at_the_root_are_not_told_apart(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"pkg/__init__.py": "", "pkg/layers.py": LAYERS, "layers.py": LAYERS.replace(", batch_first=True", "")}
    write(root, {**files, "pkg/model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder")})
    assert findings_in(capsys, "pkg/model.py") == []
    (root / "layers.py").unlink()
    assert len(findings_in(capsys, "pkg/model.py")) == 1


def test_the_text_of_another_file_is_not_quoted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = LAYERS + (
        "        self.head = nn.Linear(hidden, 3)\n\n    def forward(self, x):\n"
        "        output, _ = self.lstm(x)\n        return nn.functional.softmax(self.head(output[:, -1]), dim=1)\n"
    )
    train = (
        "import torch\nfrom torch import nn\nfrom layers import Encoder  # an LSTM\n\nmodel = Encoder(3, 4)\n"
        "loss = nn.functional.cross_entropy(model(torch.randn(5, 7, 3)), torch.zeros(5, dtype=torch.long))\n"
    )
    write(root, {"layers.py": made, "train.py": train})
    (found,) = findings_in(capsys, "train.py")
    assert (found["code"], found["help"]) == ("SHP518", "give the loss what goes into the first softmax")


def test_paths_are_absolute_where_the_checked_path_is(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        root,
        {
            "layers.py": LAYERS,
            "model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    (found,) = findings_in(capsys, str(root / "model.py"))
    assert [place["path"] for place in found["related"]] == [(root / "layers.py").as_posix()]


def test_cyclic_imports_are_followed_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        root,
        {
            "layers.py": "from model import Model\n" + LAYERS,
            "model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    (found,) = findings_in(capsys, "model.py")
    assert [(place["path"], place["line"]) for place in found["related"]] == [("layers.py", 7)]


def test_a_mistake_is_reported_where_it_is_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picks = LAYERS + "\n    def forward(self, x):\n        return self.lstm(x)[0][-1]\n"
    model = MODEL.format(imports="from layers import Encoder", encoder="Encoder")
    model = model.replace("output[-1]", "self.encoder(x)")
    write(root, {"layers.py": picks, "model.py": model})
    assert findings_in(capsys, "model.py") == []
    assert [found["line"] for found in findings_in(capsys, "layers.py")] == [9]


OWN_NN = """\
class LSTM:
    def __init__(self, features, hidden, batch_first):
        pass

    def __call__(self, x):
        return x, None
"""


@pytest.mark.parametrize(
    ("others", "codes"),
    [
        ({}, []),
        ({"layers.py": LAYERS + "def (:\n"}, []),
        ({"layers.py": "from .nn import LSTM\n" + LAYERS.replace("nn.LSTM", "LSTM"), "nn.py": OWN_NN}, []),
        ({"layers.py": "from gone import *\n" + LAYERS}, ["SHP101"]),
    ],
    ids=["missing", "syntax error", "the project's own LSTM", "a missing module beside torch"],
)
def test_only_what_is_certainly_torchs_layer_is_judged(
    root: Path, capsys: pytest.CaptureFixture[str], others: dict[str, str], codes: list[str]
) -> None:
    model = MODEL.format(imports="from .layers import Encoder", encoder="Encoder")
    write(root, {"pkg/__init__.py": "", "pkg/model.py": model})
    write(root, {f"pkg/{name}": text for name, text in others.items()})
    assert [found["code"] for found in findings_in(capsys, "pkg/model.py")] == codes


def test_installed_modules_are_not_read(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = MODEL.format(imports="from layers import Encoder", encoder="Encoder")
    for folder in ("own", "site-packages"):
        write(root, {f"{folder}/layers.py": LAYERS, f"{folder}/model.py": model})
    assert len(findings_in(capsys, "own/model.py")) == 1
    assert findings_in(capsys, "site-packages/model.py") == []


HEADER = "import torch\nfrom torch import nn\n"
PARTS = """\

class Parts(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        {built}

    def state(self, batch):
        return torch.zeros(batch, 1, 16)  # state

def last(output):
    return output[:, -1]  # last
"""
USE = """\

class Model(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.parts = Parts(features, 16)
        self.gru = nn.GRU(features, 4)

    def forward(self, x):
        {used}
"""
BUILDS = {
    "SHP110": (
        "self.lstm = nn.LSTM(features, hidden)  # built",
        "batch, time, _ = x.size()\n        return last(self.parts.lstm(x)[0])",
        {"built", "last"},
    ),
    "SHP201": (
        "self.rnn = nn.GRU(features, hidden, batch_first=True)  # built",
        "return self.parts.rnn(x, self.parts.state(x.size(0)))",
        {"built", "state"},
    ),
    "SHP501": (
        "self.lstm = nn.LSTM(features, hidden, bidirectional=True); self.head = nn.Linear(hidden, 2)  # built",
        "return self.parts.head(self.parts.lstm(x)[0])",
        {"built"},
    ),
}


@pytest.mark.parametrize("code", BUILDS)
def test_another_file_is_shown_and_not_edited(root: Path, capsys: pytest.CaptureFixture[str], code: str) -> None:
    built, used, marks = BUILDS[code]
    parts, use = PARTS.format(built=built), USE.format(used=used)
    write(
        root,
        {
            "together.py": HEADER + parts + use,
            "parts.py": HEADER + parts,
            "apart.py": HEADER + "from parts import Parts, last\n" + use,
        },
    )
    (together,), (apart,) = (findings_in(capsys, path) for path in ("together.py", "apart.py"))
    assert together["code"] == apart["code"] == code
    assert together["message"] == apart["message"]
    assert together["fixes"]
    assert not apart["fixes"]
    assert apart["help"]
    lines = (HEADER + parts).splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.rpartition("# ")[2] in marks}
    assert {place["line"] for place in apart["related"] if place["path"] == "parts.py"} == expected
    assert {place["path"] for place in together["related"]} == {"together.py"}


def test_torch_runs_layers_of_another_file(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        root,
        {
            "layers.py": LAYERS,
            "model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    text = output_of(capsys, "model.py")
    assert "output row 0 depends on sample 2" in text
    assert (
        "= fix:   select the last step: `output[:, -1]` (changes results; proven: torch ran the mended program)" in text
    )


def test_rules_say_of_every_place_in_which_file_it_is() -> None:
    """`place_of` takes the path from what it is the place of; a `Place(...)` by hand can forget it."""
    rooms = (shapelint.rules, shapelint.reading)
    for path in (path for room in rooms for path in Path(room.__path__[0]).rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        made = [call.lineno for call in calls if getattr(call.func, "id", None) == "Place"]
        assert len(made) == (path.name == "quoting.py"), f"{path}: {made}"


COUNTS = (
    "\n" * 40
    + """
def each(x):
    return x if len(x.shape) == 2 else x[None]
"""
)
SQUEEZES = """\
from torch import nn
from counts import each

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        _, h = self.gru(x)
        return self.fc({given})
"""


def test_an_imported_function_asks_for_a_rank_further_down_than_the_file_is_long(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, codes in (("each(h.squeeze())", []), ("h.squeeze()", ["SHP115"])):
        write(root, {"counts.py": COUNTS, "model.py": SQUEEZES.format(given=given)})
        assert [found["code"] for found in findings_in(capsys, "model.py")] == codes
