"""What a project says of itself in pyproject.toml, heeded by the server as by the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor import MODEL, Editor
from wrong_models import WRAPPER

from shapelint.cli import run

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN = '[tool.shapelint]\nknown-layers = {"fast.rnn.Fast" = "torch.nn.LSTM"}\n'
BUILT = MODEL.replace("from torch import nn", "from builders import build\nfrom torch import nn").replace(
    "nn.LSTM(features, hidden, batch_first=True)", "build(features, hidden)"
)


def project(editor: Editor, name: str) -> Path:
    folder = editor.folder / name
    folder.mkdir()
    return folder


def say(editor: Editor, folder: Path, text: str) -> None:
    """Write a project's settings, and have the editor tell of it."""
    (folder / "pyproject.toml").write_text(text)
    editor.written(folder / "pyproject.toml")


async def test_a_wrapper_is_read_as_the_layer_that_the_settings_name(editor: Editor) -> None:
    folder = project(editor, "known")
    uri = editor.open("known/model.py", WRAPPER)
    await editor.until(uri, None)
    assert await editor.hints(uri) == {}
    assert await editor.hover(uri, 9, 9) == ""
    say(editor, folder, KNOWN)
    await editor.until(uri, "confirmed by torch")
    assert await editor.hints(uri) == {"9:11": ": (B, T, hidden)"}
    assert "LSTM(input_size=features, hidden_size=hidden, batch_first=True)" in await editor.hover(uri, 9, 22)
    say(editor, folder, KNOWN.replace("LSTM", "GRU"))
    await editor.until(uri, "confirmed by torch")
    assert "GRU(input_size=features" in await editor.hover(uri, 9, 22)
    other = editor.open("elsewhere.py", WRAPPER)
    assert await editor.hints(other) == {}
    say(editor, folder, "")
    await editor.until(uri, None)


async def test_modules_are_looked_for_in_the_folders_that_the_settings_name(editor: Editor) -> None:
    folder = project(editor, "sources")
    (folder / "lib").mkdir()
    built = "from torch import nn\n\n\ndef build(n, h):\n    return nn.LSTM(n, h, batch_first=True)\n"
    (folder / "lib" / "builders.py").write_text(built)
    uri = editor.open("sources/model.py", BUILT)
    assert "12:11" not in await editor.hints(uri)
    say(editor, folder, '[tool.shapelint]\nsrc = ["lib"]\n')
    await editor.until(uri, "confirmed by torch")
    assert (await editor.hints(uri))["12:11"] == ": (B, T, hidden)"


async def test_what_a_baseline_knows_is_not_told(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(editor, "begun")
    (folder / "model.py").write_text(MODEL)
    uri = editor.open("begun/model.py", MODEL)
    await editor.until(uri, "confirmed by torch")
    monkeypatch.chdir(folder)
    assert run(["baseline", ".", "--output-file", "known.json"]) == 0
    say(editor, folder, '[tool.shapelint]\nbaseline = "known.json"\n')
    await editor.until(uri, None)
    assert await editor.fixes(uri, 12) == {}
    editor.change(uri, MODEL + "\n    def more(self, x):\n        return self.lstm(x)[0][-1]\n")
    (found,) = await editor.until(uri, "confirmed by torch")
    assert found.range.start.line == 15
    editor.change(uri, MODEL)
    await editor.until(uri, None)
    (folder / "known.json").write_text('{"version": 1, "findings": []}')
    editor.written(folder / "known.json")
    await editor.until(uri, "confirmed by torch")
    (folder / "known.json").write_text("{}")
    editor.written(folder / "known.json")
    while not editor.messages or "no baseline of version 1" not in editor.messages[-1].message:
        await editor.hints(uri)
    await editor.until(uri, "confirmed by torch")


async def test_settings_are_watched(editor: Editor) -> None:
    assert "**/*.toml" in editor.watched
    folder = project(editor, "watched")
    uri = editor.open("watched/model.py", MODEL)
    await editor.until(uri, "confirmed by torch")
    say(editor, folder, "[tool.shapelint]\nignore = ['SHP101']\n")
    await editor.until(uri, None)
    say(editor, folder, "[tool.shapelint]\nignorr = ['SHP101']\n")
    await editor.until(uri, "confirmed by torch")
    assert "unknown key 'ignorr'" in " ".join(one.message for one in editor.messages)
    say(editor, folder, "[tool.shapelint]\nexclude = ['model.py']\n")
    await editor.until(uri, None)


async def test_a_file_that_has_torch_by_another_name_is_read(editor: Editor) -> None:
    folder = project(editor, "byname")
    (folder / "common.py").write_text("from torch import nn\n")
    uri = editor.open("byname/model.py", MODEL.replace("from torch import", "from common import"))
    await editor.until(uri, "confirmed by torch")
    assert (await editor.hints(uri))["11:11"] == ": (B, T, hidden)"
