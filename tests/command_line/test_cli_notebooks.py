"""Notebooks on the command line: one project, checked, explained and mended by real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from wrong_models import NET

from shapelint.cli import run
from shapelint.report.schema import schemas

pytestmark = pytest.mark.usefixtures("kept_processes")

IMPORTS = "%matplotlib inline\nimport torch\nfrom torch import nn\n!pip install 'torch"
MENDED = NET.replace("out[-1]", "out[:, -1]")
USE = "%%time\nnet = Net(8, 16)\ny = net(torch.randn(4, 10, 8))\ny.shape?"
OUTPUT = [{"output_type": "stream", "name": "stdout", "text": "out[-1]"}]
PLACE = "nb.ipynb:cell 3:9:24"


def text_of(sources: Sequence[str]) -> str:
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": ["# out[-1]"]}]
    for number, source in enumerate(sources):
        one = {"cell_type": "code", "execution_count": number, "outputs": OUTPUT, "metadata": {"é": 1.0}}
        cells.append({**one, "source": source.splitlines(keepends=True)})
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False
    )


def shapelint(place: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments],
        cwd=place,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_notebook_is_checked_and_mended(place: Path) -> None:
    before = text_of([IMPORTS, NET, "%%bash\nout[-1]", "def broken(:", USE])
    (place / "nb.ipynb").write_bytes(before.encode())
    (place / "empty.ipynb").write_bytes(b"")
    (place / "good.py").write_text(f"import torch\nfrom torch import nn\n{MENDED}\n")

    status, told, errors = shapelint(place, "--output-format", "json")
    document = json.loads(told)
    jsonschema.validate(document, schemas()["schema.json"])
    (finding,) = document["findings"]
    assert status == 2
    assert [finding[name] for name in ("path", "cell", "line", "column", "code")] == ["nb.ipynb", 3, 9, 24, "SHP101"]
    assert finding["verification"]["status"] == "confirmed"
    assert [(edit["cell"], edit["line"]) for fix in finding["fixes"] for edit in fix["edits"]] == [(3, 9)]
    assert [(entry["cell"], entry["line"]) for entry in finding["related"]] == [(3, 4)]
    assert [(e["path"], e["cell"], e["line"]) for e in document["errors"]] == [
        ("empty.ipynb", None, 1),
        ("nb.ipynb", 5, 1),
    ]

    status, told, errors = shapelint(place, "--output-format", "concise")
    assert (status, told.partition(" SHP")[0]) == (2, f"{PLACE}:")
    assert errors.splitlines() == [
        "empty.ipynb:1: SHP001 cannot read the notebook: it is not valid JSON: expecting value",
        "nb.ipynb:cell 5:1: SHP001 cannot parse: invalid syntax",
        "Found 1 mistake (1 confirmed by torch) in 1 of 2 files; 1 fixable with --fix --unsafe-fixes; "
        "1 path could not be checked; 1 cell could not be checked",
    ]

    diff = shapelint(place, "--diff", "--unsafe-fixes")[1]
    assert [line for line in diff.splitlines() if line[:1] in "+-"][2:] == [
        '-    "        return self.fc(out[-1])"',
        '+    "        return self.fc(out[:, -1])"',
    ]
    status, told, errors = shapelint(place, "--fix", "--unsafe-fixes", "nb.ipynb")
    assert (status, told, errors.splitlines()[-1]) == (
        2,
        "",
        "Fixed 1 mistake (0 remaining); 1 cell could not be checked",
    )
    after = text_of([IMPORTS, MENDED, "%%bash\nout[-1]", "def broken(:", USE])
    assert (place / "nb.ipynb").read_bytes() == after.encode()


def test_a_place_in_a_cell_is_explained(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "nb.ipynb").write_text(text_of([IMPORTS, NET]))
    assert run(["witness", PLACE]) == 0
    assert capsys.readouterr().out.startswith("# SHP101 nb.ipynb:cell 3:9: `out[-1]` selects the last sample")
    for arguments, why in (
        (["nb.ipynb:9"], "a place in a notebook names the cell: nb.ipynb:cell 1:9"),
        (["nb.ipynb:cell 2:9"], "nothing is found here"),
        ([PLACE, "--with-class"], "a notebook cannot be imported"),
    ):
        assert run(["witness", *arguments]) == 2
        assert why in capsys.readouterr().err
    assert run(["shapes", "nb.ipynb", "--output-format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert ["out", 3, 8, ["B", "T", "h"]] in [[row[name] for name in ("name", "cell", "line", "shape")] for row in rows]
    assert run(["shapes", "nb.ipynb"]) == 0
    assert capsys.readouterr().out.startswith("nb.ipynb:cell 3\n4  self.lstm")


def found(sources: Sequence[str], capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    Path("nb.ipynb").write_text(text_of(sources))
    run(["nb.ipynb", "--output-format", "concise", "--verify", "off", *arguments])
    return [line.partition(": SHP")[0] for line in capsys.readouterr().out.splitlines()]


def test_cells_follow_their_order(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a cell defines anew holds for the cells behind it; what stood before was run, too."""
    assert found([IMPORTS, NET, USE, MENDED, USE], capsys) == [PLACE]
    assert found([IMPORTS, MENDED, NET], capsys) == ["nb.ipynb:cell 4:9:24"]
    assert found([IMPORTS, NET, MENDED, NET], capsys) == [PLACE, "nb.ipynb:cell 5:9:24"]


@pytest.mark.parametrize("code", ["    x = 1\n    y = x", ">>> x = 1", "In [3]: x = 1"])
def test_what_ipython_reads_otherwise_is_no_broken_cell(
    code: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "nb.ipynb").write_text(text_of([IMPORTS, NET, code]))
    assert run(["nb.ipynb", "--verify", "off"]) == 1
    assert "could not be checked" not in capsys.readouterr().err


@pytest.mark.parametrize("code", ["f(", "'''", "x = \\", "if x:\n    y", "else:\n    pass"])
def test_nothing_of_a_cell_goes_on_in_the_next(code: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rest = {"f(": ")", "'''": "'''", "x = \\": "1", "if x:\n    y": "    z", "else:\n    pass": ""}[code]
    broken = 2 if code in ("f(", "'''") else 1 if code != "if x:\n    y" else 0
    (place / "nb.ipynb").write_text(text_of([IMPORTS, NET, code, rest]))
    assert run(["nb.ipynb", "--verify", "off"]) == (2 if broken else 1)
    told = capsys.readouterr()
    assert told.err.count(": SHP001 cannot parse: ") == broken
    assert PLACE in told.out


def test_noqa_in_a_cell(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found([IMPORTS, NET + "  # noqa: SHP101"], capsys) == []
    ignored = NET + "  # shapelint: ignore[SHP101] the last sample is meant"
    assert found([IMPORTS, "def broken(:", "'''", ignored], capsys) == []
    assert found(["# noqa", IMPORTS, NET], capsys) == ["nb.ipynb:cell 4:9:24"]


def test_a_warm_run_tells_the_same(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "nb.ipynb").write_text(text_of([IMPORTS, NET, "def broken(:"]))
    monkeypatch.delenv("SHAPELINT_NO_CACHE")
    told = []
    for _ in range(2):
        assert run(["nb.ipynb", "--verify", "off"]) == 2
        told.append(capsys.readouterr())
    assert told[0] == told[1]
    assert (place / ".shapelint_cache").is_dir()


def test_a_frame_over_several_cells_names_them(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = "def build(n, h):\n    return nn.LSTM(n, h, batch_first=True)"
    model = NET.replace("nn.LSTM(n, h, batch_first=True)", "build(n, h)")
    (place / "nb.ipynb").write_text(text_of([IMPORTS, build, model]))
    assert run(["nb.ipynb", "--verify", "off"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:8] == [
        "  --> nb.ipynb:cell 4:9:24: last-step-on-batch-axis",
        "   : cell 3",
        " 2 |     return nn.LSTM(n, h, batch_first=True)",
        "   |            ------------------------------- this LSTM has batch_first=True",
        "   : cell 4",
        " 9 |         return self.fc(out[-1])",
        "   |                        ^^^^^^^",
    ]


def test_formats_that_know_no_cells_tell_the_place_in_words(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "nb.ipynb").write_text(text_of([IMPORTS, NET, "def broken(:"]))
    names = ("github", "gitlab", "junit", "rdjson", "sarif", "markdown")
    outputs = [part for name in names for part in ("--output-format", name, "--output-file", f"out.{name}")]
    assert run(["nb.ipynb", "--verify", "off", *outputs]) == 2
    for name in names:
        report = (place / f"out.{name}").read_text()
        assert "cell 3:9:24" in report, name
        assert "cell 4:1" in report, name
    assert "line=1,col=1" in (place / "out.github").read_text()
