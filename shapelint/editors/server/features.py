"""What the server answers: each request and notification of the protocol that it knows, a function each."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls import uris

from shapelint.editors.server.connection import Server
from shapelint.editors.server.reading.look import witness_of
from shapelint.editors.server.shown.actions import ANNOTATE, EXPLAIN, KINDS, WITNESS, actions, edit_of
from shapelint.editors.server.shown.hints import hints
from shapelint.editors.server.shown.hover import hover
from shapelint.notebooks.escapes import is_python, put_away
from shapelint.notebooks.places import first_line
from shapelint.pipeline.processes.bounds import BoundsError
from shapelint.project.files import CODE, SETTINGS
from shapelint.source import NOTEBOOK

_WATCHED = (*(f"**/*{ending}" for ending in (*CODE, *SETTINGS)),)


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """The editor tells its settings."""
    ls.configure(params.initialization_options)


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Ask to be told of files that others write."""
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace is not None else None
    if watching is not None and watching.dynamic_registration:
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted = types.Registration("shapelint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        await ls.client_register_capability_async(types.RegistrationParams([wanted]))


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """A text is shown."""
    document = params.text_document
    ls.session.take(document.uri, path_of(document.uri), document.version, document.text)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """A text has changed."""
    uri = params.text_document.uri
    text = ls.workspace.get_text_document(uri).source
    ls.session.take(uri, path_of(uri), params.text_document.version, text)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """A text was saved."""
    ls.session.save(params.text_document.uri)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """A text is not shown any more, and neither are its findings."""
    uri = params.text_document.uri
    ls.session.close(uri)
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def did_open_notebook(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """A notebook is shown."""
    _take_notebook(ls, params.notebook_document.uri)


def did_change_notebook(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """The cells of a notebook have changed; those that are gone have no findings."""
    change = params.change.cells
    for closed in change.structure.did_close or () if change is not None and change.structure is not None else ():
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(closed.uri, []))
    _take_notebook(ls, params.notebook_document.uri)


def did_save_notebook(ls: Server, params: types.DidSaveNotebookDocumentParams) -> None:
    """A notebook was saved."""
    ls.session.save(params.notebook_document.uri)


def did_close_notebook(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """A notebook is not shown any more."""
    ls.session.close(params.notebook_document.uri)
    for cell in params.cell_text_documents:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(cell.uri, []))


def _take_notebook(ls: Server, uri: str) -> None:
    """The cells that run as Python, in order, are one text, as they are in a file."""
    notebook = ls.workspace.get_notebook_document(notebook_uri=uri)
    text, sheets = "", list[tuple[int, str]]()
    for number, cell in enumerate(notebook.cells if notebook is not None else (), 1):
        document = ls.workspace.get_text_document(cell.document)
        if cell.kind is types.NotebookCellKind.Code and is_python(document.source, {}):
            sheets.append((text.count("\n") + 1, cell.document))
            text += f"{first_line(number)}\n{put_away(document.source)}\n"
    if notebook is not None and sheets:
        path = path_of(uri)
        path = path if path.endswith(NOTEBOOK) else f"{path}{NOTEBOOK}"
        ls.session.take(uri, path, notebook.version, text, tuple(sheets))


def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """The user has changed the settings."""
    if params.settings:  # editors that keep them elsewhere send nothing
        ls.configure(params.settings)


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Files were written, made or deleted."""
    if any(ls.session.project.rests_on(path_of(change.uri)) for change in params.changes):
        ls.session.look_again(ls.session.documents.values())
    ls.session.files_changed()


async def inlay_hint(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The shapes behind assignments, when the last text has been looked at."""
    uri = params.text_document.uri
    document = ls.document(uri)
    seen = await ls.session.seen(document.uri) if document is not None else None
    if document is None or seen is None:
        return []
    places = ls.places(document, seen.text)
    return hints(seen, places.span(uri, params.range), places, ls.session.project.settings.hints)


async def hover_on(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """What is known of the value that the user points at."""
    uri = params.text_document.uri
    document = ls.document(uri)
    if document is None:
        return None
    places = ls.places(document, document.text)
    pointed = await ls.session.pointed(document.uri, *places.place(uri, params.position))
    text = ls.client_capabilities.text_document
    formats = text.hover.content_format if text is not None and text.hover is not None else None
    as_markdown = formats is None or types.MarkupKind.Markdown in formats
    return None if pointed is None else hover(pointed, places, as_markdown)


async def code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done about the findings here. Who asks for it waits for torch, whose proof a fix needs."""
    uri, context = params.text_document.uri, params.context
    wanted = [kind for kind in KINDS if _is_part_of(kind, context.only)]
    if not wanted:
        return []
    by_itself = context.trigger_kind is types.CodeActionTriggerKind.Automatic
    needs_proof = types.CodeActionKind.QuickFix in wanted and not by_itself
    document = ls.document(uri)
    if document is None:
        return []
    seen = await (ls.session.proved(document.uri) if needs_proof else ls.session.seen(document.uri))
    if seen is None:
        return []
    places = ls.places(document, seen.text)
    found = actions(document, seen, places.span(uri, params.range), places, ls.shown(document, seen))
    return [one for one in found if one.kind in wanted]


def _is_part_of(kind: str, asked: Sequence[str] | None) -> bool:
    """Whether an editor that asks for kinds of actions, or for any, gets those of a kind."""
    return not asked or any(one in ("", kind) or kind.startswith(one + ".") for one in asked)


async def explain(ls: Server, code: str) -> str:
    """Show the page of a rule; returns its path."""
    path = await ls.put_page(code)
    await ls.show(path)
    return str(path)


async def witness(ls: Server, uri: str, code: str, line: int, column: int) -> str | None:
    """Show the script of a finding; returns its path."""
    seen = await ls.session.proved(uri)
    for candidate in seen.tested.candidates if seen is not None and seen.tested is not None else ():
        finding = candidate.finding
        if (finding.code, finding.span.line, finding.span.column) == (code, line, column):
            text = await ls.session.ask(witness_of, finding, candidate.judged)
            path = ls.shelf.put(f"witness_{code}_{line}.py", text)
            await ls.show(path)
            return str(path)
    ls.tell_trouble(f"{code} is not found there any more")
    return None


async def annotate(ls: Server, uri: str, first: int | None, last: int | None) -> bool:
    """Write the shapes in some lines of a document, or in all, into it as comments; returns whether there are any."""
    try:
        found = await ls.session.comments(uri, None if first is None or last is None else (first, last))
    except BoundsError as why:
        ls.tell_trouble(f"the shapes are not known: {why}")
        return False
    document = ls.session.documents.get(uri)
    if document is None or found is None or document.text != found[0]:
        ls.tell_trouble("the text has changed in the meantime")
        return False
    text, edits = found
    if not edits:
        ls.tell_trouble("there is no shape to be written, or no room for it")
        return False
    edit = edit_of(edits, ls.places(document, text))
    await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label="shapes as comments"))
    return True


def shutdown(ls: Server, params: None) -> None:
    """The editor goes."""
    ls.end()


def path_of(uri: str) -> str:
    """The path of a text; one that is no file goes by its address."""
    return uris.to_fs_path(uri) or uri


def register(server: Server) -> None:
    """Have a server answer."""
    kinds = types.CodeActionOptions(KINDS)
    for name, function, options in (
        (types.INITIALIZE, initialize, None),
        (types.INITIALIZED, initialized, None),
        (types.SHUTDOWN, shutdown, None),
        (types.TEXT_DOCUMENT_DID_OPEN, did_open, None),
        (types.TEXT_DOCUMENT_DID_CHANGE, did_change, None),
        (types.TEXT_DOCUMENT_DID_SAVE, did_save, None),
        (types.TEXT_DOCUMENT_DID_CLOSE, did_close, None),
        (types.NOTEBOOK_DOCUMENT_DID_OPEN, did_open_notebook, None),
        (types.NOTEBOOK_DOCUMENT_DID_CHANGE, did_change_notebook, None),
        (types.NOTEBOOK_DOCUMENT_DID_SAVE, did_save_notebook, None),
        (types.NOTEBOOK_DOCUMENT_DID_CLOSE, did_close_notebook, None),
        (types.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
        (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched_files, None),
        (types.TEXT_DOCUMENT_INLAY_HINT, inlay_hint, None),
        (types.TEXT_DOCUMENT_HOVER, hover_on, None),
        (types.TEXT_DOCUMENT_CODE_ACTION, code_action, kinds),
    ):
        server.feature(name, options)(function)
    server.command(EXPLAIN)(explain)
    server.command(WITNESS)(witness)
    server.command(ANNOTATE)(annotate)
