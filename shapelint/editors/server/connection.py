"""The server of one editor: pygls talks, a session looks, a shelf holds what is shown beside the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from shapelint import __version__
from shapelint.editors.server.document import Document, Seen
from shapelint.editors.server.reading.look import page_of
from shapelint.editors.server.session import Listener, Session
from shapelint.editors.server.settings import SettingsError, read_settings
from shapelint.editors.server.shown.diagnostics import by_address, diagnostics
from shapelint.editors.server.shown.places import Places
from shapelint.editors.server.shown.shelf import Shelf
from shapelint.pipeline.processes.bounds import BoundsError

STATUS = "shapelint/status"  #: a notification to clients that name `shapelintStatus` among experimental capabilities

_CELLS = types.NotebookDocumentFilterWithNotebook(
    notebook=types.NotebookDocumentFilterNotebookType(notebook_type="jupyter-notebook"),
    cells=[types.NotebookCellLanguage(language="python")],
)
_NOTEBOOKS = types.NotebookDocumentSyncOptions(notebook_selector=[_CELLS], save=True)


class Server(LanguageServer):
    """The server of one editor."""

    def __init__(self) -> None:
        # whole texts: pygls cuts lines also where Python and the protocol do not (form feeds)
        whole = types.TextDocumentSyncKind.Full
        super().__init__("shapelint", __version__, text_document_sync_kind=whole, notebook_document_sync=_NOTEBOOKS)
        self.session = Session(Listener(self._found, self._refreshed, self.tell_trouble, self._working))
        self.shelf = Shelf()
        self._pages: set[str] = set()

    def configure(self, given: Any) -> None:
        """Take the settings of the editor; wrong ones are told, and those before stay."""
        try:
            self.session.configure(read_settings(given))
        except SettingsError as error:
            self.tell_trouble(f"{error}; the settings before it hold")

    def tell_trouble(self, text: str) -> None:
        """Tell the user that something is wrong beside the code."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"shapelint: {text}"))

    def document(self, uri: str) -> Document | None:
        """The open document of an address, which may be that of a cell."""
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        return self.session.documents.get(uri if notebook is None else notebook.uri)

    def places(self, document: Document, text: str) -> Places:
        """The places of a document's text as the editor counts them."""
        return Places.of(text, self.workspace.position_codec, document.sheets)

    def shown(self, document: Document, seen: Seen) -> list[types.Diagnostic]:
        """The diagnostics of what is seen in a text."""
        return diagnostics(document, seen, self.places(document, seen.text), self._page)

    async def show(self, path: Path) -> None:
        """Show a file beside the code, or tell where it is."""
        window = self.client_capabilities.window
        uri = uris.from_fs_path(str(path)) or ""
        if window is not None and window.show_document is not None and window.show_document.support:
            await self.window_show_document_async(types.ShowDocumentParams(uri, take_focus=True))
        else:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"shapelint: see {path}"))

    async def put_page(self, code: str) -> Path:
        """The file with the page of a rule."""
        path = self.shelf.path(f"{code}.md")
        if not path.exists():
            self.shelf.put(path.name, await self.session.ask(page_of, code))
        return path

    def end(self) -> None:
        """Leave nothing behind."""
        self.session.end()
        self.shelf.close()

    def _page(self, code: str) -> str:
        """The address of a rule's page, which is there soon."""
        if code not in self._pages:
            self._pages.add(code)
            self.session.run(self._put_page(code))
        return uris.from_fs_path(str(self.shelf.path(f"{code}.md"))) or ""

    async def _put_page(self, code: str) -> None:
        try:
            await self.put_page(code)
        except (BoundsError, OSError):
            self._pages.discard(code)

    def _found(self, document: Document) -> None:
        seen = document.seen
        if seen is not None and seen.text == document.text:
            for uri, found in by_address(document, seen, self.places(document, seen.text), self._page).items():
                version = document.version if uri == document.uri else None  # cells have versions of their own
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def _refreshed(self) -> None:
        """Ask the editor to ask for hints again: the text that they are about is the same."""
        workspace = self.client_capabilities.workspace
        if workspace is not None and workspace.inlay_hint is not None and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)

    def _working(self, looked: int, proving: int) -> None:
        wanted = self.client_capabilities.experimental
        if isinstance(wanted, dict) and wanted.get("shapelintStatus"):
            self.protocol.notify(STATUS, {"files": looked, "proofs": proving})
