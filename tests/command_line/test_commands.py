"""The commands beside `check`: shapes, witness and rule, from their arguments to their output."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from root import ROOT
from shown import shown

from shapelint.pipeline.check import analyse_source
from shapelint.report.schema import schemas
from shapelint.report.shapes.rows import render_json, rows_of
from shapelint.source import decode_source

pytestmark = pytest.mark.usefixtures("kept_processes", "place")


def test_shapes(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, output, errors = shown(capsys, "shapes", "bad.py")
    assert (status, errors) == (0, "")
    assert "batch_first=True" in output
    assert any(
        line.split() == ["9", "out", "(B,", "T,", "h)", "batch,", "time,", "feature"] for line in output.splitlines()
    )
    status, output, _ = shown(capsys, "shapes", "bad.py", "--output-format=json")
    rows = json.loads(output)
    jsonschema.validate(rows, schemas()["schema-shapes.json"])
    assert [row["shape"] for row in rows if row["name"] == "out"] == [["B", "T", "h"]]


def test_shapes_of_files_that_import_each_other_are_those_of_one_analysis(capsys: pytest.CaptureFixture[str]) -> None:
    project = ROOT / "fixtures" / "projects" / "speech"
    files = sorted(str(path) for path in project.rglob("*.py"))
    traces = [trace for path in files for trace in analyse_source(decode_source(path, Path(path).read_bytes())).traces]
    status, output, _ = shown(capsys, "shapes", str(project), "--output-format=json")
    assert (status, output) == (0, render_json(rows_of(traces)))


def test_shapes_of_a_broken_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "broken.py").write_text("import torch\nx = (\n")
    status, _, errors = shown(capsys, "shapes", "broken.py", "good.py")
    assert status == 2
    assert errors.startswith("broken.py:2: SHP001 ")


def test_witness_tells_the_values_that_lead_to_the_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(
        "import torch.nn as nn\n\n\n"
        "class Model(nn.Module):\n"
        "    def __init__(self, kind, both=True):\n"
        "        super().__init__()\n"
        "        self.kind = kind\n"
        '        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](3, 5, batch_first=True, bidirectional=both)\n\n'
        "    def forward(self, x):\n"
        "        out, _ = self.rnn(x)\n"
        '        return out[-1] if self.kind == "gru" else out\n'
    )
    status, script, _ = shown(capsys, "witness", "model.py:12")
    assert status == 0
    assert script.splitlines()[1] == "# reached with: `kind` is 'gru', `both`"


def test_witness_prints_a_script_that_runs(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, script, _ = shown(capsys, "witness", "bad.py:10:16")
    assert status == 0
    alone = [sys.executable, "-m", "shapelint", "witness", "bad.py:10:16"]
    assert subprocess.run(alone, capture_output=True, text=True, check=True).stdout == script
    assert "import torch" in script
    assert "shapelint" not in script
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "reaches the output rows" in done.stdout


def test_rule_pages(capsys: pytest.CaptureFixture[str]) -> None:
    status, page, _ = shown(capsys, "rule", "shp101")
    assert status == 0
    assert page.startswith("# SHP101: last-step-on-batch-axis\n")
    assert "## What it does" in page
    rules = json.loads(shown(capsys, "rule", "--all", "--output-format=json")[1])
    assert [rule["code"] for rule in rules] == sorted(rule["code"] for rule in rules)
    assert {"SHP101", "SHP102"} <= {rule["code"] for rule in rules}
