"""The extension in a real kernel: a notebook is run, and its outputs are read."""

from __future__ import annotations

import os

import nbformat
import pytest
from nbclient import NotebookClient
from root import ROOT
from wrong_models import NET

CELLS = {
    "load": "%load_ext shapelint",
    "quiet": NET.replace("class", "from torch import nn\n\nclass"),
    "usage": "%shapelint",
    "on": "%shapelint on",
    "found": NET,
    "other": "1 + 1",
    "shapes": f"%%shapes\n{NET.replace('Net', 'Shown')}",
    "not run": "'Shown' in globals()",
    "broken": "def f(:",
    "after": f"{NET}  # shapelint: ignore[SHP101]",
    "torch": "import sys; {'shapelint.grammar.tree', 'shapelint.infer'} & set(sys.modules)",
    "off": "%shapelint off",
    "silent": NET,
    "unload": "%unload_ext shapelint",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each cell prints and returns, in a kernel without proofs: these are tested elsewhere."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "pyproject.toml").write_text('[tool.shapelint]\nverify = "off"\n')
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS.values()])
    client = NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # Without numpy torch warns when it is imported, in the cell that does it.
    client.execute(env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"})
    return dict(zip(CELLS, map(told, notebook.cells), strict=True))


def told(cell: nbformat.NotebookNode) -> str:
    return "".join(one.get("text") or one.get("data", {}).get("text/plain") or one["ename"] for one in cell.outputs)


def test_findings_are_told_below_the_cell_that_ran(outputs: dict[str, str]) -> None:
    first, place, *_ = outputs["found"].splitlines()
    assert first.startswith("warning[SHP101]: `out[-1]` selects the last sample of the batch")
    assert place.strip() == "--> session.ipynb:cell 5:9:24: last-step-on-batch-axis"
    for silent in ("load", "quiet", "silent", "unload"):
        assert outputs[silent] == "", silent
    assert outputs["other"] == "2"
    assert outputs["after"] == ""
    assert outputs["broken"] == "SyntaxError"


def test_the_switch(outputs: dict[str, str]) -> None:
    assert outputs["usage"] == "usage: %shapelint on, or %shapelint off\n"
    assert outputs["on"] == "shapelint is on\n"
    assert outputs["off"] == "shapelint is off\n"


def test_shapes_stand_beside_the_lines_of_a_cell_that_does_not_run(outputs: dict[str, str]) -> None:
    lines = outputs["shapes"].splitlines()
    assert len(lines) == len(NET.splitlines())
    assert lines[0] == "class Shown(nn.Module):"
    assert [part.strip() for part in lines[7].split("  # ")] == [
        "out, _ = self.lstm(x)",
        "out: (B, T, h); _[0]: (1, B, h); _[1]: (1, B, h)",
    ]
    assert outputs["not run"] == "False"


def test_nothing_that_understands_code_is_loaded_into_the_kernel(outputs: dict[str, str]) -> None:
    assert outputs["torch"] == "set()"
