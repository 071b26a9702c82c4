"""What an editor may do about a text by the server's word, done: each edit is applied, and the text looked at again."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor import MENDED, MODEL, SCRIPT, WRONG, Editor, edited
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_quick_fix_mends_the_text(editor: Editor) -> None:
    uri = editor.open("fix.py", MODEL)
    fix = (await editor.actions(uri, 12))["Fix SHP101: select the last step: `out[:, -1]` (changes results)"]
    assert not fix.is_preferred
    editor.change(uri, edited(MODEL, fix.edit.changes, uri))
    await editor.until(uri, None)
    assert await editor.fixes(uri, 12) == {}


async def test_suppress_here(editor: Editor) -> None:
    uri = editor.open("suppress.py", MODEL)
    action = (await editor.actions(uri, 12))["Suppress SHP101 here with `# noqa`"]
    text = edited(MODEL, action.edit.changes, uri)
    assert text == MODEL.replace(f"({WRONG})\n", f"({WRONG})  # noqa: SHP101\n")
    editor.change(uri, text)
    await editor.until(uri, None)


async def test_explain_and_show_a_witness(editor: Editor) -> None:
    uri = editor.open("show.py", MODEL)
    found = await editor.actions(uri, 12)
    for title in ("Explain SHP101: last-step-on-batch-axis", "Show SHP101 in a script that needs only torch"):
        await editor.done(found[title])
    page, script = (Path(one.uri.removeprefix("file://")) for one in editor.shown_documents[-2:])
    assert page.name == "SHP101.md"
    compile(script.read_text(), str(script), "exec")
    assert "import torch" in script.read_text()
    assert "nn.LSTM" in script.read_text()


async def test_a_comment_that_silences_nothing_is_explained_and_taken_away(editor: Editor) -> None:
    text = MENDED.replace("hidden, 3)", "hidden, 3)  # noqa: SHP604")
    uri = editor.open("idle.py", text)
    (found,) = await editor.until(uri, "silences nothing by SHP604")
    assert found.code == "SHP002"
    assert "unverified" not in found.message
    await editor.done((await editor.actions(uri, 8))["Explain SHP002: unused-suppression"])
    page = Path(found.code_description.href.removeprefix("file://"))
    assert page.read_text().startswith("# SHP002: unused-suppression")
    fix = (await editor.actions(uri, 8))["Fix SHP002: take it away"]
    assert fix.is_preferred
    assert not any(title.startswith("Suppress") for title in await editor.actions(uri, 8))
    assert edited(text, fix.edit.changes, uri) == MENDED


async def test_shapes_are_written_as_comments(editor: Editor) -> None:
    """In the lines of a selection with the rest of their statements, or in the whole file; then renewed."""
    text = MENDED.replace("self.head(out[:, -1])", "self.head(\n            out[:, -1],\n        )") + SCRIPT
    uri = editor.open("comments.py", text)
    await editor.until(uri, None)
    text = await annotated(editor, uri, text, 12, "Write shapes as comments here")
    assert [line.strip() for line in text.splitlines() if "# ::" in line] == [")  # :: (B, 3)"]
    text = await annotated(editor, uri, text, 1, "Write shapes as comments in the whole file")
    assert [line.strip() for line in text.splitlines() if "# ::" in line] == [
        "out, _ = self.lstm(x)  # :: out (B, T, hidden)",
        ")  # :: (B, 3)",
        "scores = Model(5, 6)(torch.randn(4, 7, 5))  # :: (4, 3)",
    ]
    assert await editor.hints(uri) == {"12:14": ": (B, 3)"}, "the others are written in the same lines"
    editor.change(uri, text.replace(":: (4, 3)", ":: (5, 3)"))
    assert await editor.hints(uri) == {"12:14": ": (B, 3)", "20:6": ": (4, 3)"}
    text = await annotated(editor, uri, text.replace("5, 6)", "5, 8)").replace("4, 7", "9, 7"), 20, "here")
    assert text.endswith("scores = Model(5, 8)(torch.randn(9, 7, 5))  # :: (9, 3)\n")
    kinds = types.CodeActionKind
    counts = [len(await editor.actions(uri, 11, [kind])) for kind in (kinds.Refactor, kinds.Source, kinds.QuickFix)]
    assert counts == [1, 1, 0]
    assert await editor.actions(uri, 3, [kinds.Refactor]) == {}


async def test_no_shape_is_written_into_what_cannot_be_read_or_has_no_room(editor: Editor) -> None:
    uri = editor.open("unwritten.py", MENDED)
    await editor.until(uri, None)
    wide = MENDED.replace("self.lstm(x)\n", f"self.lstm(x)  # {'x' * 80}\n")
    for text in (wide, "def f(:\n" + wide):
        editor.change(uri, text)
        line = 1 + next(number for number, line in enumerate(text.split("\n")) if "out, _" in line)
        action = (await editor.actions(uri, line))["Write shapes as comments here"]
        assert await editor.done(action) is False
        assert "there is no shape to be written" in editor.messages[-1].message
    assert editor.applied == []


async def annotated(editor: Editor, uri: str, text: str, line: int, title: str) -> str:
    """A text of an editor after an action has written shapes into it."""
    editor.change(uri, text)
    found = await editor.actions(uri, line)
    (action,) = (one for name, one in found.items() if name.endswith(title))
    editor.applied.clear()
    assert await editor.done(action) is True
    (edit,) = editor.applied
    editor.applied.clear()
    text = edited(text, edit.changes or {}, uri)
    editor.change(uri, text)
    return text
