"""The language server as an editor meets it: a real client, a real process, and torch."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from editor import MENDED, MODEL, PLAIN, RIGHT, SCRIPT, WRONG, Editor, edited, started
from lsprotocol import types
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_findings_appear_at_once_and_are_confirmed(editor: Editor) -> None:
    """Of the text in the editor, not of the file."""
    uri = editor.open("first.py", MODEL, saved=MENDED)
    (found,) = await editor.until(uri, "confirmed by torch")
    first = editor.told[uri][0]
    assert [one.message.splitlines()[-2] for one in first.diagnostics] == ["unverified: torch has not spoken yet"]
    assert (found.code, found.source, found.severity) == ("SHP101", "shapelint", types.DiagnosticSeverity.Warning)
    assert found.range == types.Range(types.Position(11, 27), types.Position(11, 34))
    assert "selects the last sample of the batch" in found.message
    (related,) = found.related_information or ()
    assert (related.location.uri, related.location.range.start.line) == (uri, 6)
    assert found.code_description is not None
    page = Path(found.code_description.href.removeprefix("file://"))
    assert page.read_text().startswith("# SHP101: last-step-on-batch-axis")
    assert {(one.files, one.proofs) for one in editor.status} >= {(1, 1), (1, 0)}


async def test_what_torch_disproves_is_withdrawn_and_does_not_come_back_with_each_key(editor: Editor) -> None:
    editor.configure(ignore=[])
    uri = editor.open("withdrawn.py", MENDED)
    await editor.until(uri, None)
    assert [one.code for one in editor.told[uri][0].diagnostics] == ["SHP198"]
    version = editor.change(uri, MENDED + "# more\n")
    await editor.hints(uri)
    await editor.until(uri, None)
    assert next(one.diagnostics for one in editor.told[uri] if one.version == version) == ()
    editor.configure()


async def test_stale_answers_are_dropped(editor: Editor) -> None:
    uri = editor.open("stale.py", MODEL)
    texts = [MODEL, MENDED] * 5
    versions = [editor.change(uri, text) for text in texts]
    await editor.until(uri, None)
    told = [one.version for one in editor.told[uri]]
    assert told == sorted(told)
    assert told[-1] == versions[-1]
    assert len(told) < len(texts)  # what nobody waits for any more is not even looked at


async def test_a_cancelled_request_ends(editor: Editor) -> None:
    uri = editor.open("cancelled.py", MODEL + "\n" * 3000)
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(10, 9))
    future = editor.protocol.send_request("textDocument/hover", params, msg_id="hover")
    editor.cancel_request(types.CancelParams("hover"))
    with pytest.raises(JsonRpcException, match="canceled"):
        await asyncio.wrap_future(future)
    assert await editor.hover(uri, 11, 9) != ""


async def test_hints(editor: Editor) -> None:
    uri = editor.open("hints.py", MENDED + SCRIPT)
    symbols = {"11:11": ": (B, T, hidden)", "12:14": ": (B, 3)", "18:6": ": (4, 3)"}
    assert await editor.hints(uri) == symbols
    editor.configure(inlayHints={"sizes": "numbers"})
    assert await editor.hints(uri) == {"11:11": ": (4, 7, 6)", "12:14": ": (4, 3)", "18:6": ": (4, 3)"}
    editor.configure(inlayHints={"sizes": "both", "roles": True})
    assert (await editor.hints(uri))["11:11"] == ": (B, T, hidden) = (4, 7, 6) batch, time, feature"
    editor.configure(inlayHints={"onlyChanges": True})
    same = MENDED.replace("self.lstm(x)\n", "self.lstm(x)\n        out = torch.relu(out)\n")
    editor.change(uri, "import torch\n" + same)
    assert await editor.hints(uri) == {"12:11": ": (B, T, hidden)", "14:14": ": (B, 3)"}
    editor.configure(inlayHints={"enable": False})
    assert await editor.hints(uri) == {}
    editor.configure()
    assert editor.refreshes > 0  # the text is the same: nothing else makes an editor ask again


async def test_shapes_are_shown_without_a_recurrent_layer(editor: Editor) -> None:
    uri = editor.open("plain.py", PLAIN)
    assert await editor.hints(uri) == {"5:1": ": (2, 4)"}
    assert "Linear(in_features=3, out_features=4)" in await editor.hover(uri, 5, 5)


async def test_hover(editor: Editor) -> None:
    uri = editor.open("hover.py", MENDED + SCRIPT)
    out = await editor.hover(uri, 12, 27)
    assert "out: (B, T, hidden)" in out
    assert "batch, time, feature, in `Model.forward`" in out
    assert "- `B` is the size of axis 0 of `x`" in out
    assert "- batch, time, feature: by `self.lstm(x)` in line 11" in out
    assert out.index("(B, T, hidden)") < out.index("out: (4, 7, 6)") < out.index("in this file's own calls")
    layer = await editor.hover(uri, 11, 22)
    assert "self.lstm: LSTM(input_size=features, hidden_size=hidden, batch_first=True)" in layer
    assert "- `num_layers=1`" in layer
    assert "((B, T, hidden), ((1, B, hidden), (1, B, hidden)))" in await editor.hover(uri, 11, 28)
    assert "`hidden` is the parameter `hidden` of `Model`" in await editor.hover(uri, 11, 9)
    assert await editor.hover(uri, 1, 2) == ""


LAYERS = """\
SIZE = 6
BATCH_FIRST = True
"""
IMPORTER = "from cross.layers import BATCH_FIRST, SIZE\n" + MODEL.replace(
    "LSTM(features, hidden, batch_first=True", "LSTM(features, SIZE, batch_first=BATCH_FIRST"
)


async def test_a_change_in_a_file_refreshes_those_that_import_it(editor: Editor) -> None:
    (editor.folder / "cross").mkdir()
    (editor.folder / "cross" / "__init__.py").touch()
    layers = editor.open("cross/layers.py", LAYERS, saved=LAYERS)
    uri = editor.open("importer.py", IMPORTER, saved=IMPORTER)
    assert (await editor.hints(uri))["12:11"] == ": (B, T, 6)"
    await editor.until(uri, "last sample of the batch")
    changed = LAYERS.replace("6", "8").replace("True", "False")
    editor.change(layers, changed)
    await editor.until(uri, None)
    assert (await editor.hints(uri))["12:11"] == ": (T, B, 8)"
    editor.save(layers, LAYERS)  # another program has undone it, and the editor has taken that over
    editor.change(layers, LAYERS)
    await editor.until(uri, "last sample of the batch")
    editor.change(layers, changed)
    await editor.until(uri, None)
    editor.client_close(layers)  # what was not saved is gone
    await editor.until(uri, "last sample of the batch")
    (editor.folder / "cross" / "layers.py").write_text(changed)
    editor.written(editor.folder / "cross" / "layers.py")
    await editor.until(uri, None)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"inlayHint": {}}, "shapelint.inlayHint is no setting; did you mean 'inlayHints'?"),
        ({"inlayHints": {"roles": "yes"}}, "shapelint.inlayHints.roles is neither true nor false"),
        ({"inlayHints": {"sizes": "big"}}, "shapelint.inlayHints.sizes is none of symbols, numbers, both"),
        ({"verify": 3}, "shapelint.verify is none of auto, off"),
        ({"select": ["SHP9999"]}, "shapelint.select: unknown rule code 'SHP9999'"),
        ({"select": "SHP1"}, "shapelint.select is not a list of codes"),
        ({"minConfidence": "sure"}, "shapelint.minConfidence is none of high, medium, low"),
        ({"python": ["python3"]}, "shapelint.python is not a text"),
        ([1], "shapelint is not a table of settings"),
    ],
)
async def test_wrong_settings_are_told_in_one_line(editor: Editor, wrong: Any, told: str) -> None:
    params = types.DidChangeConfigurationParams({"shapelint": wrong})
    editor.workspace_did_change_configuration(params)
    await editor.hints("file:///nowhere.py")  # the answer comes behind the message
    assert told in editor.messages[-1].message
    assert "\n" not in editor.messages[-1].message


async def test_without_verification_nothing_is_proven(editor: Editor) -> None:
    editor.configure(verify="off", select=["SHP101"])
    uri = editor.open("off.py", MODEL)
    await editor.until(uri, "unverified: verification is off")
    assert not any(title.startswith("Fix") for title in await editor.actions(uri, 12))
    editor.configure(python=str(editor.folder / "no-python"))
    await editor.until(uri, "no-python: No such file or directory")
    editor.configure(python=sys.executable)
    await editor.until(uri, "confirmed by torch")
    editor.configure()


async def test_a_text_that_cannot_be_read_keeps_its_hints(editor: Editor) -> None:
    uri = editor.open("broken.py", MODEL)
    before = await editor.hints(uri)
    await editor.until(uri, "confirmed by torch")
    editor.change(uri, "def f(:\n" + MODEL)
    found = await editor.until(uri, "last sample of the batch")
    assert [one.code for one in found] == ["SHP101", "SHP001"]
    assert found[0].range.start.line == 12
    moved = {f"{int(place.split(':')[0]) + 1}:{place.split(':')[1]}": text for place, text in before.items()}
    assert await editor.hints(uri) == moved


@pytest.mark.parametrize(
    "text",
    [
        MODEL.replace("scores = ", "'😋é'; scores = "),
        MODEL.replace("\n", "\r\n"),
        MODEL.replace("import nn\n", "import nn\n\f\n\u2028 = 3\n".replace("\u2028 = 3", "a = '\u2028'")),
    ],
    ids=["beyond-the-basic-plane", "windows", "form-feed"],
)
async def test_places_are_those_of_the_editor(editor: Editor, text: str) -> None:
    uri = editor.open(f"places{len(text)}.py", text)  # nothing told of another one is to be taken for its own
    (found,) = await editor.until(uri, "confirmed by torch")
    lines = text.replace("\r\n", "\n").split("\n")
    line = found.range.start.line
    units = lines[line].encode("utf-16-le")
    assert units[2 * found.range.start.character : 2 * found.range.end.character].decode("utf-16-le") == WRONG
    fix = next(one for title, one in (await editor.actions(uri, line + 1)).items() if title.startswith("Fix"))
    assert RIGHT in edited(text, fix.edit.changes, uri)
    editor.client_close(uri)


@pytest.mark.parametrize("text", ["", "\n", "import torch", "torch = nn.LSTM\n\x00", "\ufeffimport torch\n"])
async def test_odd_texts(editor: Editor, text: str) -> None:
    uri = editor.open("odd.py", text)
    assert await editor.hints(uri) == {}
    assert await editor.hover(uri, 1, 0) == ""
    assert await editor.actions(uri, 1) == {}
    editor.client_close(uri)


async def test_a_text_without_a_file(editor: Editor) -> None:
    uri = "untitled:Untitled-1"
    item = types.TextDocumentItem(uri, "python", 1, MODEL)
    editor.versions[uri] = 1
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await editor.until(uri, "confirmed by torch")


CELLS = (
    "%matplotlib inline\nimport torch\nfrom torch import nn",
    MODEL.partition("\n\n\n")[2],
    "x = torch.randn(4, 7, 5)\nscores = Model(5, 6)(x)",
)


async def test_a_notebook_is_one_text_told_by_its_cells(editor: Editor) -> None:
    uri = (editor.folder / "book.ipynb").as_uri()
    cells = [f"{uri.replace('file:', 'vscode-notebook-cell:')}#{number}" for number in range(3)]
    editor.versions.update(dict.fromkeys(cells))
    documents = [types.TextDocumentItem(cell, "python", 1, text) for cell, text in zip(cells, CELLS, strict=True)]
    kinds = [types.NotebookCell(types.NotebookCellKind.Code, cell) for cell in cells]
    notebook = types.NotebookDocument(uri, "jupyter-notebook", 1, kinds)
    editor.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, documents))
    found = await editor.until(cells[1], "confirmed by torch")
    assert [(one.code, one.range.start.line) for one in found] == [("SHP101", 8)]
    assert [one.location.uri for one in found[0].related_information or ()] == [cells[1]]
    assert await editor.hints(cells[0]) == {}
    assert await editor.hints(cells[1]) == {"8:11": ": (B, T, hidden)", "9:14": ": (T, 3)"}
    assert await editor.hints(cells[2]) == {"1:1": ": (4, 7, 5)", "2:6": ": (7, 3)"}
    assert "x: (4, 7, 5)" in await editor.hover(cells[2], 2, 21)
    fix = next(one for title, one in (await editor.actions(cells[1], 9)).items() if title.startswith("Fix"))
    ((changed, (edit,)),) = fix.edit.changes.items()
    assert (changed, edit.range.start.line) == (cells[1], 8)
    text = edited(CELLS[1], fix.edit.changes, cells[1])
    content = types.NotebookDocumentCellContentChanges(
        types.VersionedTextDocumentIdentifier(version=2, uri=cells[1]),
        [types.TextDocumentContentChangeWholeDocument(text)],
    )
    change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(text_content=[content]))
    editor.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(types.VersionedNotebookDocumentIdentifier(version=2, uri=uri), change)
    )
    await editor.until(cells[1], None)
    assert (await editor.hints(cells[2]))["2:6"] == ": (4, 3)"
    (whole,) = (await editor.actions(cells[1], 1, [types.CodeActionKind.Source])).values()
    assert await editor.done(whole) is True
    written = editor.applied.pop().changes or {}
    assert {uri: [edit.new_text.strip() for edit in edits] for uri, edits in written.items()} == {
        cells[1]: ["# :: out (B, T, hidden)", "# :: (B, 3)"],
        cells[2]: ["# :: (4, 7, 5)", "# :: (4, 3)"],
    }
    broken = types.NotebookDocumentCellContentChanges(
        types.VersionedTextDocumentIdentifier(version=2, uri=cells[2]),
        [types.TextDocumentContentChangeWholeDocument("x = 1\nx = (")],
    )
    change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(text_content=[broken]))
    editor.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(types.VersionedNotebookDocumentIdentifier(version=3, uri=uri), change)
    )
    (found,) = await editor.until(cells[2], "cannot parse")
    assert found.range.start.line == 1


async def test_the_server_does_not_load_torch(editor: Editor) -> None:
    """After all that it has done above."""
    assert editor._server is not None
    maps = Path(f"/proc/{editor._server.pid}/maps")
    if not maps.exists():
        pytest.skip("the system does not tell what a process has loaded")
    loaded = maps.read_text()
    assert "python" in loaded
    assert "libtorch" not in loaded


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    editor = await started(tmp_path, None, {"TMPDIR": str(tmp_path)})
    uri = editor.open("left.py", MODEL)
    await editor.until(uri, "unverified")
    assert list(tmp_path.glob("shapelint-*")) != []
    await editor.shutdown_session()  # while torch is at work
    await editor.stop()
    assert list(tmp_path.glob("shapelint-*")) == []


async def test_without_pygls_one_line_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['pygls'] = None\nfrom shapelint.cli import run\nsys.exit(run(['server']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stderr == (
        "shapelint: error: pygls is not installed; to have it: python -m pip install 'shapelint[lsp]'\n"
    )
