"""docs/rising.ipynb, a notebook with a mistake: opened and run in a kernel, checked, mended, and run again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from root import ROOT

NOTEBOOK = ROOT / "docs" / "rising.ipynb"
WRONG, RIGHT = b"self.head(out[-1])", b"self.head(out[:, -1])"
SYMPTOM = "the answer for the first sequence depends on the last one: {}\n"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return Path(shutil.copy(NOTEBOOK, tmp_path))


def shapelint(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "shapelint", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=env).stdout


def run(path: Path) -> list[nbformat.NotebookNode]:
    """What the cells of a notebook give when they are run."""
    opened = nbformat.read(path, as_version=4)
    NotebookClient(opened, timeout=120).execute()
    return outputs(opened)


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """What its cells show, but for warnings: torch warns where numpy is not there."""
    return [one for cell in notebook.cells for one in cell.get("outputs", ()) if one.get("name") != "stderr"]


def test_it_is_what_it_shows(notebook: Path) -> None:
    nbformat.validate(nbformat.read(notebook, as_version=4))
    given = run(notebook)
    assert given == outputs(nbformat.read(notebook, as_version=4))
    assert given[-1].text == SYMPTOM.format(True)


def test_it_is_checked_and_mended(notebook: Path) -> None:
    before = notebook.read_bytes()
    told = shapelint(notebook, "--output-format", "concise")
    assert f"{notebook}:cell 3:9:26: SHP101" in told
    assert len(told.splitlines()) == 1
    assert shapelint(notebook, "--fix", "--unsafe-fixes") == ""
    assert notebook.read_bytes() == before.replace(WRONG, RIGHT)
    assert shapelint(notebook, "--output-format", "concise") == ""
    assert run(notebook)[-1].text == SYMPTOM.format(False)
