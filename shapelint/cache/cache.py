"""A run's cache: read when it is first asked, written once in the end. What goes wrong with it is told, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Protocol

from shapelint.cache import folder, versions
from shapelint.cache.results import Entry, Results
from shapelint.cache.verdicts import Verdicts
from shapelint.data import dataclass
from shapelint.project.reads import State


class _Part(Protocol):
    """What is kept in one file."""

    def merged(self, raw: bytes | None) -> bytes:
        """What to write in place of a content."""


@dataclass(slots=True)
class Cache:
    """The results and verdicts under a folder; `trouble` is why they cannot be kept."""

    path: str
    trouble: str | None = None
    _results: Results | None = None
    _verdicts: Verdicts | None = None
    _names: dict[str, str] = field(default_factory=dict)

    @property
    def results(self) -> Results:
        """The results of earlier runs and of this one."""
        if self._results is None:
            self._results = Results.of(self._read("results", versions.of_check))
        return self._results

    @property
    def verdicts(self) -> Verdicts:
        """The verdicts of earlier runs and of this one."""
        if self._verdicts is None:
            self._verdicts = Verdicts.of(self._read("verdicts", versions.of_verdicts))
        return self._verdicts

    def put(self, key: str, new: Entry, states: Mapping[str, State]) -> None:
        """Keep the result of a file."""
        self.results.put(key, new, states)

    def find(self, key: str) -> Any | None:
        """The result of a file, if it would be found again."""
        return self.results.find(key)

    def save(self) -> None:
        """Write what is new. That a used entry is used is no reason to tell of a folder that cannot be written."""
        if self._verdicts is not None and self._verdicts.is_old:
            self._write("verdicts", self._verdicts)
        if self._results is not None and (self._results.is_old or self._results.is_stale):
            before = self.trouble
            self._write("results", self._results)
            if not self._results.is_old:
                self.trouble = before

    def _read(self, kind: str, version: Callable[[], str]) -> bytes | None:
        self._names[kind] = f"{kind}-{version()}.json"
        try:
            return folder.read(self.path, self._names[kind])
        except folder.FolderError as why:
            self._tell(why)
            return None

    def _write(self, kind: str, part: _Part) -> None:
        try:
            raw = part.merged(folder.read(self.path, self._names[kind]))
            if len(raw) > folder.MAX_BYTES:
                raw = part.merged(None)
            folder.write(self.path, self._names[kind], raw)
        except folder.FolderError as why:
            self._tell(why)

    def _tell(self, why: folder.FolderError) -> None:
        self.trouble = self.trouble or f"the cache {self.path} cannot be used: {why}"
