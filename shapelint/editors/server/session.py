"""A session of an editor: which texts are open, what is seen in them, and when they are looked at again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Set
from dataclasses import replace
from itertools import count
from typing import Any, TypeAlias

from shapelint.config import Selector
from shapelint.data import dataclass
from shapelint.editors.server.document import Document, Seen, carried
from shapelint.editors.server.project import Project
from shapelint.editors.server.reading.checks import Prover, Reader
from shapelint.editors.server.reading.look import Look, Text, comments_of, holds, look, point, programs
from shapelint.editors.server.settings import Settings
from shapelint.editors.server.shown.places import Sheets
from shapelint.editors.server.shown.pointed import Pointed
from shapelint.finding import Edit, Finding, Status, Verdict
from shapelint.pipeline.check import FileCheck, internal_error
from shapelint.pipeline.discover import is_excluded
from shapelint.pipeline.processes.bounds import BoundsError
from shapelint.project.reads import Reads, digest
from shapelint.source import Problem, Span

WAITING = "torch has not spoken yet"
OFF = "verification is off"
REST_SECONDS = 0.2  #: without a file being written

Key: TypeAlias = tuple[str, Span]  #: the code and place of a finding


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what happens: new findings in a document, new shapes without a change of its text, trouble, work."""

    found: Callable[[Document], None]
    refreshed: Callable[[], None]
    trouble: Callable[[str], None]
    working: Callable[[int, int], None]  #: the number of files looked at, and of findings that torch is asked about


class Session:
    """The open texts and the two processes that look at them."""

    def __init__(self, listener: Listener) -> None:
        self.project = Project(listener.trouble)
        self.documents: dict[str, Document] = {}
        self._listener = listener
        self._reader = Reader()
        self._prover = Prover()
        self._saved = 0
        self._states = count()
        self._watch: asyncio.Task[None] | None = None
        self._proving = 0
        self._errands: set[asyncio.Task[None]] = set()  # else nobody holds them while they run

    def configure(self, settings: Settings) -> None:
        """Take settings, and look at all texts under them."""
        before = self.project.settings
        if settings == before:
            return
        if settings.python != before.python:
            self._prover.close()
            self._prover = Prover(settings.python)
        self.project.settings = settings
        self.look_again(self.documents.values())

    def take(self, uri: str, path: str, version: int, text: str, sheets: Sheets = ()) -> None:
        """A text was opened, or has changed; `sheets` are the cells of a notebook's."""
        document = self.documents.get(uri)
        if document is None:
            document = self.documents[uri] = Document(
                uri, path, version, text, sheets or ((0, uri),), state=next(self._states)
            )
        else:
            document.version, document.text, document.is_dirty = version, text, True
            document.sheets = sheets or document.sheets
        self._follow(document)

    def save(self, uri: str) -> None:
        """A text was saved."""
        if (document := self.documents.get(uri)) is not None:
            document.is_dirty = False
        self.files_changed()

    def close(self, uri: str) -> None:
        """A text is not shown any more; what was not saved of it is gone."""
        document = self.documents.pop(uri, None)
        if document is None:
            return
        if document.task is not None:
            document.task.cancel()
        document.settled.set()
        document.proved.set()
        if document.is_dirty:
            self._refresh_importers(document.path, b"")

    def files_changed(self) -> None:
        """Files were written, by this editor or not: what rests on them is looked at again."""
        self._saved += 1
        if self._watch is None or self._watch.done():
            self._watch = self.run(self._look_at_files())

    def look_again(self, documents: Iterable[Document]) -> None:
        """Look at texts that have not changed."""
        for document in documents:
            document.state = next(self._states)
            self._follow(document)

    def run(self, errand: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside what is going on; a slip of ours is told, and ends nothing else."""
        task = asyncio.ensure_future(errand)
        self._errands.add(task)
        task.add_done_callback(self._done)
        return task

    def end(self) -> None:
        """End the processes."""
        for errand in self._errands:
            errand.cancel()
        self._reader.close()
        self._prover.close()

    async def seen(self, uri: str) -> Seen | None:
        """What is seen in the last text of a document, when it has been looked at."""
        document = self.documents.get(uri)
        if document is None:
            return None
        await document.settled.wait()
        return document.seen

    async def proved(self, uri: str) -> Seen | None:
        """The same when torch has spoken."""
        document = self.documents.get(uri)
        if document is None:
            return None
        await document.proved.wait()
        return document.seen

    async def pointed(self, uri: str, line: int, column: int) -> Pointed | None:
        """What is known of the value at a place."""
        document = self.documents.get(uri)
        text = self._text(document) if document is not None else None
        if text is None or not text.may_use_torch:
            return None
        try:
            return await self._reader.ask(point, text, line, column)
        except BoundsError:
            return None

    async def comments(self, uri: str, lines: tuple[int, int] | None) -> tuple[str, list[Edit]] | None:
        """The text of a document, and the edits that put its shapes into it as comments; raises BoundsError."""
        document = self.documents.get(uri)
        if document is None:
            return None
        text = self._text(document)
        return text.text, await self._reader.ask(comments_of, text, lines)

    async def ask(self, function: Callable[..., str], *arguments: object) -> str:
        """What a function gives in the process that reads texts; raises BoundsError."""
        return await self._reader.ask(function, *arguments)

    def _follow(self, document: Document) -> None:
        """Look at a document's text; what was under way for an earlier one is dropped."""
        if document.task is not None:
            document.task.cancel()
        document.settled.clear()
        document.proved.clear()
        document.task = self.run(self._look_and_prove(document))

    async def _look_and_prove(self, document: Document) -> None:
        is_refresh = document.seen is not None and document.seen.text == document.text
        text, config = self._text(document), self.project.config(document.path)
        found = await self._looked(text)
        why = OFF if config.verify == "off" else WAITING
        shown = _shown(found.check, why, document.withdrawn if config.verify != "off" else set())
        if found.check.problems:
            document.seen = carried(document.seen, text.text, found)
        else:
            document.seen = Seen(text.text, found, self.project.fresh(config, text.source, list(shown.values())))
        document.settled.set()
        self._listener.found(document)
        self._tell_work()
        if is_refresh:
            self._listener.refreshed()
        self._refresh_importers(document.path, text.text.encode("utf-8", "replace"))
        if config.verify != "off" and found.check.candidates and not found.check.problems:
            await self._prove(document, document.seen, text, shown)
        document.proved.set()

    async def _looked(self, text: Text) -> Look:
        if not text.may_use_torch:
            return Look(FileCheck(text.path, text.text), {}, Reads())
        try:
            return await self._reader.ask(look, text)
        except BoundsError as why:
            problem = Problem(text.path, 1, f"cannot check the file: {why}", internal=True)
            return Look(FileCheck(text.path, problems=(problem,)), {}, Reads())

    async def _prove(self, document: Document, seen: Seen, text: Text, found: Mapping[Key, Finding]) -> None:
        """Have torch speak on one finding after the other, and tell each verdict at once."""
        config = self.project.config(document.path)
        self._prover.start()
        try:
            check = await self._reader.ask(programs, text)
        except BoundsError as why:
            self._listener.trouble(f"{text.path}: the findings are not proven: {why}")
            return
        document.seen = seen = replace(seen, tested=check)
        shown: dict[Key, Finding | None] = {**found}
        self._tell_work(left := len(check.candidates))
        try:
            for candidate in check.candidates:
                judged = await self._prover.ask(check, candidate)
                shown[_key(candidate.finding)] = judged
                _withdraw(document, candidate.finding, judged is None)
                told = [one for candidate in check.candidates if (one := shown.get(_key(candidate.finding)))]
                document.seen = seen = replace(seen, findings=self.project.fresh(config, text.source, told))
                self._listener.found(document)
                self._tell_work(-1)
                left -= 1
        finally:
            self._tell_work(-left)

    async def _look_at_files(self) -> None:
        """Look again at what rests on files that were written, once they are at rest: who writes one writes several."""
        looked = -1
        while looked != self._saved:
            looked = self._saved
            await asyncio.sleep(REST_SECONDS)
            for document in list(self.documents.values()) if looked == self._saved else ():
                if document.seen is not None and document.settled.is_set():
                    await self._look_if_changed(document, document.seen.look)

    async def _look_if_changed(self, document: Document, found: Look) -> None:
        """Look at a text again if what was seen in it may be otherwise now."""
        text = self._text(document)
        if not text.may_use_torch:
            return
        try:
            is_same = await self._reader.ask(holds, found, text)
        except BoundsError:
            is_same = False
        if not is_same and self.documents.get(document.uri) is document:
            self.look_again([document])

    def _refresh_importers(self, path: str, raw: bytes) -> None:
        """Look again at the open texts for which this file was read, and was another one."""
        asked = ("content", os.path.abspath(path))
        stale = [
            document
            for document in self.documents.values()
            if document.path != path
            and document.seen is not None
            and document.seen.look.reads.answers.get(asked, digest(raw)) != digest(raw)
        ]
        self.look_again(stale)

    def _text(self, document: Document) -> Text:
        config = self.project.config(document.path)
        others = {
            os.path.abspath(one.path): one.text.encode("utf-8", "replace")
            for one in self.documents.values()
            if one.is_dirty and one is not document
        }
        return Text(
            document.path,
            document.text,
            Selector(config).chosen(document.path),
            config.min_confidence,
            may_use_torch=config.given.may_use_torch(document.text.encode("utf-8", "replace")),
            is_checked=not is_excluded(document.path, config.excludes, config.root),
            given=config.given,
            others=others,
            state=document.state,
            saved=self._saved,
        )

    def _done(self, errand: asyncio.Task[None]) -> None:
        self._errands.discard(errand)
        error = None if errand.cancelled() else errand.exception()
        if error is not None:
            self._listener.trouble(internal_error("the language server", error).message)
            for document in self.documents.values():
                if document.task is errand:  # nobody is to wait for it
                    document.settled.set()
                    document.proved.set()

    def _tell_work(self, proofs: int = 0) -> None:
        self._proving += proofs
        looked = sum(document.seen is not None for document in self.documents.values())
        self._listener.working(looked, self._proving)


def _shown(check: FileCheck, why: str, withdrawn: Set[tuple[str, str]]) -> dict[Key, Finding]:
    """The findings that torch has not spoken on, but for those that it disproved in an earlier text."""
    findings = (replace(one.finding, verdict=Verdict(Status.UNVERIFIED, "", why)) for one in check.candidates)
    return {_key(finding): finding for finding in findings if (finding.code, finding.message) not in withdrawn}


def _key(finding: Finding) -> Key:
    return finding.code, finding.span


def _withdraw(document: Document, finding: Finding, is_disproved: bool) -> None:
    """Remember what torch disproves: it is not to appear and vanish with each key that is pressed."""
    told = (finding.code, finding.message)
    if is_disproved:
        document.withdrawn.add(told)
    else:
        document.withdrawn.discard(told)
