"""`import shapelint`: what its functions return, and that they load nothing before they are called."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from wrong_models import NET, WRAPPER

import shapelint
from shapelint.report.schema import schemas

MODEL = f"from torch import nn\n\n\n{NET}\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(MODEL)
    return tmp_path


def places(document: shapelint.Document) -> list[tuple[str, int | None, int, str]]:
    return [(one.path, one.cell, one.line, one.code) for one in document.findings]


def test_files_are_checked_as_by_the_command(place: Path) -> None:
    document = shapelint.check("m.py")
    jsonschema.validate(json.loads(json.dumps(dataclasses.asdict(document))), schemas()["schema.json"])
    assert places(document) == [("m.py", None, 12, "SHP101")]
    assert document.findings[0].verification.status == "confirmed"
    (place / "pyproject.toml").write_text('[tool.shapelint]\nignore = ["SHP101"]\n')
    assert places(shapelint.check([place / "m.py"], verify="off")) == []
    missing = shapelint.check(["m.py", "gone.py"], select=["SHP1"], verify="off", cache=False)
    assert [(one.path, one.code) for one in missing.errors] == [("gone.py", "SHP001")]


def test_what_the_settings_say_of_the_project_is_heeded(place: Path) -> None:
    """What it knows, and its layers, in a text that does not speak of torch."""
    command = [sys.executable, "-m", "shapelint", "baseline", "m.py", "--output-file", "known.json"]
    subprocess.run(command, check=True, capture_output=True)
    assert shapelint.shapes_of(WRAPPER, "w.py") == ()
    settings = '[tool.shapelint]\nbaseline = "known.json"\nknown-layers = {"fast.rnn.Fast" = "torch.nn.LSTM"}\n'
    (place / "pyproject.toml").write_text(settings)
    assert places(shapelint.check(".", verify="off")) == []
    assert places(shapelint.check_source(MODEL, "m.py", verify="off")) == []
    assert [one[3] for one in places(shapelint.check_source(MODEL, "new.py", verify="off"))] == ["SHP101"]
    assert [one[3] for one in places(shapelint.check_source(WRAPPER, "w.py", verify="off"))] == ["SHP101"]
    layer = "LSTM(input_size=features, hidden_size=hidden, batch_first=True)"
    assert layer in [row.layer for row in shapelint.shapes_of(WRAPPER, "w.py")]
    (place / "known.json").write_text("{}")
    with pytest.raises(shapelint.ConfigError, match="no baseline of version 1"):
        shapelint.check("m.py", verify="off")


def test_texts_are_checked() -> None:
    assert places(shapelint.check_source(MODEL, verify="off")) == [("<text>", None, 12, "SHP101")]
    text = f"# coding: latin-1\n# é\n{MODEL}"
    assert places(shapelint.check_source(text, "dir/new.py", verify="off")) == [("dir/new.py", None, 14, "SHP101")]
    cells = [{"cell_type": "markdown", "source": "Hi"}, {"cell_type": "code", "source": MODEL}]
    notebook = json.dumps({"cells": cells})
    assert places(shapelint.check_source(notebook, "a.ipynb", verify="off")) == [("a.ipynb", 2, 12, "SHP101")]
    broken = shapelint.check_source(f"{MODEL}\ndef f(:", verify="off")
    assert [(one.line, one.message) for one in broken.errors] == [(14, "cannot parse: invalid syntax")]


def test_shapes() -> None:
    rows = {(row.line, row.name): row for row in shapelint.shapes_of(MODEL)}
    assert rows[11, "out"].shape == ("B", "T", "h")
    assert rows[11, "out"].roles == ("batch", "time", "feature")
    with pytest.raises(ValueError, match="line 2: cannot parse: invalid syntax"):
        shapelint.shapes_of("import torch\nx = = 1\n")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"select": ["SHP9999"]}, "unknown rule code"),
        ({"verify": "perhaps"}, "verify must be one of"),
        ({"min_confidence": "none"}, "min_confidence must be"),
    ],
)
def test_what_cannot_be_used_is_told(options: dict[str, str], why: str) -> None:
    with pytest.raises(shapelint.ConfigError, match=why):
        shapelint.check("m.py", **options)


def test_nothing_is_loaded_before_a_call() -> None:
    code = "import sys, shapelint; print(*(m for m in sys.modules if m.startswith('shapelint')))"
    code += "; shapelint.check; print(*({'torch', 'shapelint.grammar.tree', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "shapelint\n\n"
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        shapelint.chekc  # noqa: B018
