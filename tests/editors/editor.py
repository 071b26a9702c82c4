"""An editor that speaks with the language server, in the words of the tests, and the texts that it opens."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pygls.workspace import PositionCodec
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features
from root import ROOT

MODEL = """\
from torch import nn


class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 3)

    def forward(self, x):
        out, _ = self.lstm(x)
        scores = self.head(out[-1])
        return scores
"""
WRONG, RIGHT = "out[-1]", "out[:, -1]"
MENDED = MODEL.replace(WRONG, RIGHT)
COMMENTED = MENDED.replace("(x)\n", "(x)  # :: out (B, T, hidden)\n").replace("-1])\n", "-1])  # :: (B, 3)\n")
SCRIPT = """

import torch

scores = Model(5, 6)(torch.randn(4, 7, 5))
"""
PLAIN = """\
import torch
from torch import nn

layer = nn.Linear(3, 4)
y = layer(torch.randn(2, 3))
"""
SETTINGS = {"ignore": ["SHP198"]}
SPOKEN = 120  #: seconds in which torch, and all before it, have long answered


class Editor(LanguageClient):
    """A client, with the words in which the tests speak."""

    def __init__(self, folder: Path) -> None:
        super().__init__(converter_factory=default_converter)
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.told: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.status: list[Any] = []
        self.refreshes = 0
        self.watched: list[str] = []
        self.applied: list[types.WorkspaceEdit] = []
        self.news = asyncio.Event()
        own = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: found,
            types.WORKSPACE_INLAY_HINT_REFRESH: refresh,
            types.CLIENT_REGISTER_CAPABILITY: watch,
            types.WORKSPACE_APPLY_EDIT: apply,
            "shapelint/status": status,
        }
        # that of the library takes what has a command for one
        converter = self.protocol._converter
        converter.register_structure_hook(
            types.Command | types.CodeAction, lambda raw, _: converter.structure(raw, types.CodeAction)
        )
        register_lsp_features(self, {**DEFAULT_CLIENT_FEATURES, **own})

    def open(self, name: str, text: str, saved: str | None = None) -> str:
        path = self.folder / name
        if saved is not None:
            path.write_text(saved, encoding="utf-8")
        uri = path.as_uri()
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str) -> int:
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))
        return self.versions[uri]

    def save(self, uri: str, text: str) -> None:
        Path(uri.removeprefix("file://")).write_text(text, encoding="utf-8")
        self.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def client_close(self, uri: str) -> None:
        self.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def written(self, path: Path) -> None:
        event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
        self.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    def configure(self, **settings: object) -> None:
        given = {"shapelint": {**SETTINGS, **settings}}
        self.workspace_did_change_configuration(types.DidChangeConfigurationParams(given))

    async def until(self, uri: str, message: str | None, times: int = 1) -> list[types.Diagnostic]:
        """The findings of the last version, once one says `message`; None: once there are none."""

        def is_there() -> bool:
            last = self.told.get(uri, [])[-1:]
            if not last or last[0].version != self.versions[uri]:
                return False
            found = last[0].diagnostics
            return not found if message is None else sum(message in one.message for one in found) == times

        while not is_there():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), SPOKEN)
        return list(self.told[uri][-1].diagnostics)

    async def hints(self, uri: str) -> dict[str, str]:
        everything = types.Range(types.Position(0, 0), types.Position(9999, 0))
        params = types.InlayHintParams(types.TextDocumentIdentifier(uri), everything)
        found = await self.text_document_inlay_hint_async(params)
        return {f"{hint.position.line + 1}:{hint.position.character}": str(hint.label) for hint in found or ()}

    async def hover(self, uri: str, line: int, column: int) -> str:
        place = types.Position(line - 1, column)
        hover = await self.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), place))
        assert hover is None or isinstance(hover.contents, types.MarkupContent)
        return "" if hover is None else hover.contents.value

    async def actions(self, uri: str, line: int, only: list[Any] | None = None) -> dict[str, Any]:
        """What can be done in a line, by title: of any kind, or of some kinds only."""
        place = types.Position(line - 1, 0)
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), types.Range(place, place), types.CodeActionContext([], only)
        )
        found = await self.text_document_code_action_async(params)
        return {one.title: one for one in found or ()}

    async def fixes(self, uri: str, line: int) -> dict[str, Any]:
        """The quick fixes in a line, by title."""
        return await self.actions(uri, line, [types.CodeActionKind.QuickFix])

    async def done(self, action: Any) -> Any:
        """What the server says when it has done what an action is a command for."""
        command = action.command
        return await self.workspace_execute_command_async(
            types.ExecuteCommandParams(command.command, command.arguments)
        )


def found(editor: Editor, params: types.PublishDiagnosticsParams) -> None:
    editor.told.setdefault(params.uri, []).append(params)
    editor.news.set()


def refresh(editor: Editor, _: None) -> None:
    editor.refreshes += 1


def watch(editor: Editor, params: types.RegistrationParams) -> None:
    for registration in params.registrations:
        editor.watched += [one["globPattern"] for one in registration.register_options["watchers"]]


def apply(editor: Editor, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
    editor.applied.append(params.edit)
    return types.ApplyWorkspaceEditResult(applied=True)


def status(editor: Editor, params: Any) -> None:
    editor.status.append(params)


CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
    ),
    window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(support=True)),
    experimental={"shapelintStatus": True},
)


async def started(folder: Path, options: object, env: dict[str, str] | None = None) -> Editor:
    """An editor whose server runs."""
    command = [sys.executable, "-m", "shapelint", "server"]
    editor = Editor(folder)
    await editor.start_io(*command, env={**os.environ, **(env or {})}, cwd=folder)
    params = types.InitializeParams(CAPABILITIES, root_uri=folder.as_uri(), initialization_options=options)
    await editor.initialize_session(params)
    return editor


def edited(text: str, changes: dict[str, Any], uri: str) -> str:
    """A text after the edits of an action, by the editor's own count of places."""
    (edits,) = changes.values()
    for edit in sorted(edits, key=lambda one: -one.range.start.line):
        lines = text.split("\n")
        codec = PositionCodec()
        start, end = (codec.position_from_client_units(lines, at) for at in (edit.range.start, edit.range.end))
        assert start.line == end.line
        line = lines[start.line]
        lines[start.line] = line[: start.character] + edit.new_text + line[end.character :]
        text = "\n".join(lines)
    return text


def seen_by(command: Sequence[str], path: Path, homes: Mapping[str, str]) -> dict[str, Any]:
    """What a script in a real editor reports of the model, which it opens at a path; it fails for none of its steps."""
    report = path.with_name("report.json")
    path.write_text(MODEL)
    told = json.dumps([sys.executable, str(path), str(report)])
    subprocess.run(
        command,
        env={**os.environ, **homes, "SHAPELINT_TEST": told, "PYTHONPATH": str(ROOT)},
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=True,
    )
    seen: dict[str, Any] = json.loads(report.read_text())
    assert seen.get("failure") is None, seen
    return seen
