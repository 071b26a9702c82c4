"""Imports of the project's own files: which file is meant, and that its classes are seen through."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import write

from shapelint.infer.analyse import analyse
from shapelint.project.imports import imported_file
from shapelint.shapes.render import render_value
from shapelint.source import Problem, Source, read_source
from shapelint.syntax.parse import parse
from shapelint.trace.trace import Trace

ENCODER = """\
import torch.nn as nn

class Encoder(nn.Module):
    def __init__(self, features, hidden=24):
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)

    def forward(self, x):
        output, _ = self.rnn(x)
        return output
"""

MODEL = """\
from torch import nn
{imports}

class Model(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.encoder = {encoder}(features)
        self.gru = nn.GRU(48, 4, batch_first=True)

    def forward(self, x):
        encoded = self.encoder(x)
        return self.gru(encoded)
"""


def traces_of(path: Path) -> list[Trace]:
    source = read_source(str(path))
    assert isinstance(source, Source)
    module = parse(source)
    assert not isinstance(module, Problem)
    return analyse(module, source)


def shape(path: Path, name: str) -> str | None:
    """The shape of a name on the first path that binds it."""
    for trace in traces_of(path):
        for binding in trace.bindings:
            if binding.name == name:
                return render_value(binding.value, trace)[0]
    return None


@pytest.mark.parametrize(
    ("imports", "encoder"),
    [
        ("from .layers import Encoder", "Encoder"),
        ("from .layers import Encoder as E", "E"),
        ("from . import layers", "layers.Encoder"),
        ("from pkg.layers import Encoder", "Encoder"),
        ("import pkg.layers as parts", "parts.Encoder"),
        ("import pkg", "pkg.layers.Encoder"),
        ("from pkg import Encoder", "Encoder"),
        ("from .layers import *", "Encoder"),
        ("from ..pkg.layers import Encoder", "Encoder"),
    ],
)
@pytest.mark.parametrize("root", ["", "src/"])
def test_a_model_sees_through_a_class_of_another_file(tmp_path: Path, imports: str, encoder: str, root: str) -> None:
    write(
        tmp_path,
        {
            f"{root}pkg/__init__.py": "from .layers import Encoder\n",
            f"{root}pkg/layers.py": ENCODER,
            f"{root}pkg/model.py": MODEL.format(imports=imports, encoder=encoder),
        },
    )
    if imports.startswith("from .."):
        write(tmp_path, {f"{root}__init__.py": ""})
    assert shape(tmp_path / f"{root}pkg/model.py", "encoded") == "(B, T, 48)"


def test_scripts_import_their_neighbours(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "layers.py": ENCODER,
            "train.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    assert shape(tmp_path / "train.py", "encoded") == "(B, T, 48)"


def test_constants_come_from_another_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "sizes.py": "HIDDEN = 3 * 8\n",
            "model.py": "from torch import nn\nimport torch\nfrom sizes import HIDDEN\n"
            "gru = nn.GRU(5, HIDDEN)\noutput, _ = gru(torch.randn(7, 3, 5))\n",
        },
    )
    assert shape(tmp_path / "model.py", "output") == "(7, 3, 24)"


def test_cycles_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "layers.py": "from model import Model\nfrom layers import Encoder as Again\n" + ENCODER,
            "model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    assert shape(tmp_path / "model.py", "encoded") == "(B, T, 48)"
    assert shape(tmp_path / "layers.py", "output") == "(B, T, 2*hidden)"


def test_a_class_of_the_projects_own_nn_is_its_own(tmp_path: Path) -> None:
    own = "class LSTM:\n    def __call__(self, x):\n        return x\n"
    use = "import torch\nfrom nn import LSTM\nlstm = LSTM()\ny = lstm(torch.randn(7, 3, 5))\n"
    write(tmp_path, {"nn.py": own, "model.py": use})
    assert shape(tmp_path / "model.py", "y") == "(7, 3, 5)"


@pytest.mark.parametrize("broken", ["def (:\n", "\0", "class Encoder(\n"])
def test_a_file_that_cannot_be_read_leaves_its_names_to_their_uses(tmp_path: Path, broken: str) -> None:
    write(
        tmp_path,
        {
            "layers.py": broken,
            "model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    # unknown, and so what the GRU reads it as
    assert shape(tmp_path / "model.py", "encoded") == "(B, T, 48)"


def test_nodes_of_another_file_say_so(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "layers.py": ENCODER,
            "model.py": MODEL.format(imports="from layers import Encoder", encoder="Encoder"),
        },
    )
    trace = next(trace for trace in traces_of(tmp_path / "model.py") if trace.entry == "Model.forward")
    paths = {node.op: node.path for node in trace.nodes}
    assert paths["torch.nn.LSTM.forward"] == str(tmp_path / "layers.py")
    assert paths["torch.nn.GRU.forward"] == str(tmp_path / "model.py")
    assert {binding.path for binding in trace.bindings} == {str(tmp_path / "model.py")}


def test_installed_packages_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"lib/site-packages/layers.py": ENCODER, "lib/site-packages/model.py": ""})
    assert imported_file(str(tmp_path / "lib/site-packages/model.py"), "layers", 0) is None


def test_of_two_modules_a_script_means_the_one_beside_it(tmp_path: Path) -> None:
    script = "import layers\n\nif __name__ == '__main__':\n    layers.Encoder()\n"
    write(
        tmp_path,
        {"layers.py": "", "part/__init__.py": "", "part/layers.py": "", "part/run.py": script, "part/model.py": ""},
    )
    assert imported_file(str(tmp_path / "part/run.py"), "layers", 0) == tmp_path / "part/layers.py"
    assert imported_file(str(tmp_path / "part/model.py"), "layers", 0) is None
    write(tmp_path, {"src/layers.py": "", "run.py": script, "src/only.py": ""})
    assert imported_file(str(tmp_path / "run.py"), "layers", 0) == tmp_path / "layers.py"
    assert imported_file(str(tmp_path / "run.py"), "only", 0) == tmp_path / "src/only.py"


def test_missing_modules_have_no_file(tmp_path: Path) -> None:
    write(tmp_path, {"model.py": ""})
    assert imported_file(str(tmp_path / "model.py"), "numpy.linalg", 0) is None
    assert imported_file(str(tmp_path / "model.py"), "gone", 1) is None
    assert imported_file(str(tmp_path / "model.py"), "gone", 30) is None
